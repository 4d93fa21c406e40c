-- How many messages were set aside over time, by the stage that could not use them?
WITH
    dateDiff('second', $__fromTime_ms, $__toTime_ms) AS range_s,
    multiIf(
        range_s <= 3600, 60,
        range_s <= 21600, 300,
        range_s <= 86400, 1800,
        range_s <= 604800, 21600,
        86400
    ) AS step_s
SELECT
    toDateTime64(intDiv(toUnixTimestamp(failed_at), step_s) * step_s, 3, 'UTC') AS time,
    stage,
    count() AS letters
FROM dead_letters FINAL
WHERE $__timeFilter_ms(failed_at)
GROUP BY time, stage
ORDER BY time, stage
