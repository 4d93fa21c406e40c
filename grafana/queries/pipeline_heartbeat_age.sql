-- How old was the newest heartbeat that each stage had passed on, over time?
WITH
    -- include: steps
SELECT
    toDateTime64(intDiv(toUnixTimestamp(sampled_at), step_s) * step_s, 3, 'UTC') AS time,
    JSONExtractString(labels, 'stage') AS stage,
    max(value) AS age_s
FROM pipeline_metrics
WHERE
    part = 'health' AND metric = 'promo_heartbeat_age_seconds'
    AND sampled_at >= $__fromTime_ms AND sampled_at <= $__toTime_ms
GROUP BY time, stage
ORDER BY time, stage
