-- How long does it take from a commit in PostgreSQL to the delivered score?
-- Of accounts that registered or redeemed; not of those that are scored again for others' sake.
WITH
    -- include: steps,
    -- include: looking_since,
    -- include: score_samples
-- include: quantiles_over_time
