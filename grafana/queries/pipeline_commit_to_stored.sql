-- How long does it take from a commit in PostgreSQL until ClickHouse has the row?
-- Of the shop's own tables; scores and alerts are measured from the scoring on.
-- Interpolated within a histogram's buckets as Prometheus' histogram_quantile does
-- (prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile); while nothing
-- was measured there is no point. What a bucket grew by: see pipeline_events_per_second.sql.
WITH
    dateDiff('second', $__fromTime_ms, $__toTime_ms) AS range_s,
    multiIf(
        range_s <= 3600, 15,
        range_s <= 21600, 60,
        range_s <= 86400, 300,
        range_s <= 604800, 1800,
        7200
    ) AS step_s,
    (
        SELECT min(sampled_at)
        FROM pipeline_metrics
        WHERE
            part = 'postgres' AND metric = 'promo_part_up'
            AND sampled_at >= $__fromTime_ms - INTERVAL 70 SECOND AND sampled_at <= $__toTime_ms
    ) AS looking_since
SELECT
    toDateTime64(slot, 3, 'UTC') AS time,
    quantiles_s[1] AS p50,
    quantiles_s[2] AS p99
FROM
(
    SELECT
        slot,
        quantilesPrometheusHistogram(0.5, 0.99)(upper_s, grown) AS quantiles_s,
        sum(grown) AS anything
    FROM
    (
        SELECT
            slot,
            toFloat64(JSONExtractString(labels, 'le')) AS upper_s,
            sum(growth) AS grown
        FROM
        (
            SELECT
                labels,
                intDiv(toUnixTimestamp(sampled_at), step_s) * step_s AS slot,
                sum(
                    multiIf(
                        sampled_at < $__fromTime_ms, 0,
                        value < before, value,
                        before_at > toDateTime64(0, 3, 'UTC'), value - before,
                        sampled_at > looking_since, value,
                        0
                    )
                ) AS growth
            FROM
            (
                SELECT
                    labels,
                    sampled_at,
                    value,
                    lagInFrame(value) OVER series AS before,
                    lagInFrame(sampled_at) OVER series AS before_at
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
                WINDOW series AS (PARTITION BY part, labels ORDER BY sampled_at)
            )
            GROUP BY labels, slot
        )
        GROUP BY slot, upper_s
    )
    GROUP BY slot
    HAVING
        anything > 0
        AND slot >= toUnixTimestamp($__fromTime_ms)
        AND slot + step_s <= toUnixTimestamp($__toTime_ms)
)
ORDER BY time
