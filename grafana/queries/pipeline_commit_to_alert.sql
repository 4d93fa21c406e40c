-- How long does it take from a commit in PostgreSQL to the delivered alert?
-- Of all alerts that are raised or revised, whatever moved them.
WITH
    -- include: steps,
    -- include: looking_since,
    samples AS
    (
        SELECT part, labels, sampled_at, value
        FROM pipeline_metrics
        WHERE
            startsWith(part, 'scoring-')
            AND metric = 'promo_commit_to_alert_seconds_bucket'
            AND sampled_at >= $__fromTime_ms - INTERVAL 70 SECOND
            AND sampled_at <= $__toTime_ms
    )
-- include: quantiles_over_time
