-- How long does it take from a commit in PostgreSQL until ClickHouse has the row?
-- Of the shop's own tables; scores and alerts are measured from the scoring on.
WITH
    -- include: steps,
    -- include: looking_since,
    samples AS
    (
        SELECT part, labels, sampled_at, value
        FROM pipeline_metrics
        WHERE
            part = 'warehouse'
            AND metric = 'promo_commit_to_stored_seconds_bucket'
            AND (
                endsWith(labels, '"table":"users"}')
                OR endsWith(labels, '"table":"promo_codes"}')
                OR endsWith(labels, '"table":"promo_usages"}')
            )
            AND sampled_at >= $__fromTime_ms - INTERVAL 70 SECOND
            AND sampled_at <= $__toTime_ms
    )
-- include: quantiles_over_time
