-- How many messages is each consumer group behind, over time?
-- In each stretch of time the sum of its partitions' highest values. A value holds until the next
-- sample, 60 s at most: what stands still is stored once a minute.
WITH
    -- include: steps
SELECT
    toDateTime64(slot, 3, 'UTC') AS time,
    consumer,
    sum(most) AS messages_behind
FROM
(
    SELECT
        labels,
        JSONExtractString(labels, 'group') AS consumer,
        arrayJoin(
            range(
                intDiv(toUnixTimestamp(sampled_at), step_s) * step_s,
                toUnixTimestamp(least(held_until, $__toTime_ms)) + 1,
                step_s
            )
        ) AS slot,
        max(value) AS most
    FROM
    (
        SELECT
            labels,
            sampled_at,
            value,
            least(
                sampled_at + INTERVAL 60 SECOND,
                leadInFrame(sampled_at, 1, sampled_at + INTERVAL 61 SECOND) OVER (
                    PARTITION BY labels ORDER BY sampled_at
                    ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING
                ) - INTERVAL 1 MILLISECOND
            ) AS held_until
        FROM pipeline_metrics
        WHERE
            part = 'kafka' AND metric = 'promo_consumer_lag'
            AND sampled_at >= $__fromTime_ms - INTERVAL 70 SECOND AND sampled_at <= $__toTime_ms
    )
    GROUP BY labels, slot
)
WHERE slot >= toUnixTimestamp($__fromTime_ms)
GROUP BY slot, consumer
ORDER BY time, consumer
