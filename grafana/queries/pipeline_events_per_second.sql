-- How many messages a second does each stage process?
-- Until the next sample, and for 60 s at most, there is no growth: what stands still is stored once
-- a minute.
WITH
    -- include: steps,
    -- include: looking_since
SELECT
    toDateTime64(known_slot, 3, 'UTC') AS time,
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
        arrayJoin(
            range(slot, toUnixTimestamp(least(held_until, $__toTime_ms)) + 1, step_s)
        ) AS known_slot,
        -- include: growth
        AS growth
    FROM
    (
        SELECT
            part,
            labels,
            sampled_at,
            value,
            lagInFrame(value) OVER series AS before,
            lagInFrame(sampled_at) OVER series AS before_at,
            -- One that was stored twice holds for its own moment, until they are merged.
            greatest(
                sampled_at,
                least(
                    sampled_at + INTERVAL 60 SECOND,
                    leadInFrame(sampled_at, 1, sampled_at + INTERVAL 61 SECOND) OVER series
                    - INTERVAL 1 MILLISECOND
                )
            ) AS held_until
        FROM pipeline_metrics
        WHERE
            (startsWith(part, 'scoring-') OR part = 'warehouse')
            AND metric = 'promo_events_total'
            AND sampled_at >= $__fromTime_ms - INTERVAL 70 SECOND AND sampled_at <= $__toTime_ms
        WINDOW series AS (
            PARTITION BY part, labels ORDER BY sampled_at
            ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING
        )
    )
)
GROUP BY known_slot, stage
HAVING
    known_slot >= toUnixTimestamp($__fromTime_ms)
    AND known_slot + step_s <= toUnixTimestamp($__toTime_ms)
ORDER BY time, stage
