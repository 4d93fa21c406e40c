-- How much of PostgreSQL's log has Debezium not confirmed yet, and how much is kept for it?
-- In each stretch of time the highest value. One holds until the next sample, 60 s at most: what
-- stands still is stored once a minute.
WITH
    -- include: steps
SELECT
    toDateTime64(slot, 3, 'UTC') AS time,
    maxIf(value, metric = 'promo_source_lag_bytes') AS not_confirmed,
    maxIf(value, metric = 'promo_source_wal_kept_bytes') AS kept
FROM
(
    SELECT
        metric,
        value,
        arrayJoin(
            range(
                intDiv(toUnixTimestamp(sampled_at), step_s) * step_s,
                toUnixTimestamp(least(held_until, $__toTime_ms)) + 1,
                step_s
            )
        ) AS slot
    FROM
    (
        SELECT
            metric,
            sampled_at,
            value,
            least(
                sampled_at + INTERVAL 60 SECOND,
                leadInFrame(sampled_at, 1, sampled_at + INTERVAL 61 SECOND) OVER (
                    PARTITION BY metric, labels ORDER BY sampled_at
                    ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING
                ) - INTERVAL 1 MILLISECOND
            ) AS held_until
        FROM pipeline_metrics
        WHERE
            part = 'postgres'
            AND metric IN ('promo_source_lag_bytes', 'promo_source_wal_kept_bytes')
            AND sampled_at >= $__fromTime_ms - INTERVAL 70 SECOND AND sampled_at <= $__toTime_ms
    )
)
WHERE slot >= toUnixTimestamp($__fromTime_ms)
GROUP BY slot
ORDER BY time
