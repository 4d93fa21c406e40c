-- When were alerts raised, and how serious are they now? Each account once.
WITH
    dateDiff('second', $__fromTime_ms, $__toTime_ms) AS range_s,
    multiIf(
        range_s > 1000 * 86400, 'month',
        range_s > 180 * 86400, 'week',
        range_s > 4 * 86400, 'day',
        range_s > 3 * 3600, 'hour',
        'minute'
    ) AS bucket
SELECT
    toDateTime64(dateTrunc(bucket, raised_at), 3, 'UTC') AS time,
    countIf(status = 'cleared') AS cleared,
    countIf(status != 'cleared' AND level = 'high') AS high,
    countIf(status != 'cleared' AND level = 'critical') AS critical
FROM
(
    SELECT
        min(scored_at) AS raised_at,
        argMax(status, revision) AS status,
        argMax(level, revision) AS level
    FROM abuse_alerts
    GROUP BY user_id
)
WHERE $__timeFilter_ms(raised_at)
GROUP BY time
ORDER BY time
