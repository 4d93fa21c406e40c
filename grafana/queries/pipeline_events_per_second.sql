-- How many messages a second does each stage process?
-- Counters start at 0 with their process. What one grew by lies between a sample and the one
-- before it, up to 70 s ago: a counter that stands still is stored once a minute. After a reset
-- that is all of it, and so it is of a counter that is new while the monitor was looking already.
WITH
    dateDiff('second', $__fromTime_ms, $__toTime_ms) AS range_s,
    multiIf(range_s <= 3600, 15, range_s <= 21600, 60, range_s <= 86400, 300, range_s <= 604800, 1800, 7200) AS step_s,
    (
        SELECT min(sampled_at)
        FROM pipeline_metrics
        WHERE
            part = 'postgres' AND metric = 'promo_part_up'
            AND sampled_at >= $__fromTime_ms - INTERVAL 70 SECOND AND sampled_at <= $__toTime_ms
    ) AS looking_since
SELECT
    toDateTime64(arrayJoin(range(if(stands, before_slot + step_s, slot), slot + 1, step_s)) AS known_slot, 3, 'UTC') AS time,
    stage,
    sum(if(known_slot = slot, growth, 0)) / step_s AS events_per_second
FROM
(
    SELECT
        multiIf(
            part = 'warehouse', 'warehouse',
            JSONExtractString(labels, 'topic') = 'promo.rescore', 'scoring again',
            'scoring'
        ) AS stage,
        intDiv(toUnixTimestamp(sampled_at), step_s) * step_s AS slot,
        intDiv(toUnixTimestamp(before_at), step_s) * step_s AS before_slot,
        before_at > sampled_at - INTERVAL 70 SECOND AND before_slot < slot AS stands,
        multiIf(
            sampled_at < $__fromTime_ms, 0,
            value < before, value,
            before_at > toDateTime64(0, 3, 'UTC'), value - before,
            sampled_at > looking_since, value,
            0
        ) AS growth
    FROM
    (
        SELECT
            part,
            labels,
            sampled_at,
            value,
            lagInFrame(value) OVER series AS before,
            lagInFrame(sampled_at) OVER series AS before_at
        FROM pipeline_metrics
        WHERE
            (startsWith(part, 'scoring-') OR part = 'warehouse')
            AND metric = 'promo_events_total'
            AND sampled_at >= $__fromTime_ms - INTERVAL 70 SECOND AND sampled_at <= $__toTime_ms
        WINDOW series AS (PARTITION BY part, labels ORDER BY sampled_at)
    )
)
GROUP BY known_slot, stage
HAVING known_slot >= toUnixTimestamp($__fromTime_ms) AND known_slot + step_s <= toUnixTimestamp($__toTime_ms)
ORDER BY time, stage
