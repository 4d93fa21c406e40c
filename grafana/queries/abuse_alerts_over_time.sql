-- When were alerts raised, and how serious are they now? Each account once.
WITH
    multiIf(
        dateDiff('day', $__fromTime_ms, $__toTime_ms) > 1000, 'month',
        dateDiff('day', $__fromTime_ms, $__toTime_ms) > 180, 'week',
        dateDiff('day', $__fromTime_ms, $__toTime_ms) > 4, 'day',
        dateDiff('minute', $__fromTime_ms, $__toTime_ms) > 180, 'hour',
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
