-- How long does it take from a commit in PostgreSQL to the delivered score?
-- Of accounts that registered or redeemed; not of those that are scored again for others' sake.
WITH
    -- include: steps,
    -- include: looking_since,
    samples AS
    (
        SELECT part, labels, sampled_at, value
        FROM pipeline_metrics
        WHERE
            startsWith(part, 'scoring-')
            AND metric = 'promo_commit_to_score_seconds_bucket'
            AND (
                endsWith(labels, '"trigger":"registration"}')
                OR endsWith(labels, '"trigger":"redemption"}')
            )
            AND sampled_at >= $__fromTime_ms - INTERVAL 70 SECOND
            AND sampled_at <= $__toTime_ms
    )
-- include: quantiles_over_time
