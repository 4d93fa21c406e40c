-- The median and the 99th percentile of a histogram's samples, interpolated within its buckets as
-- Prometheus' histogram_quantile does
-- (prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile). While nothing was
-- measured there is no point.
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
                    -- include: growth
                ) AS growth
            FROM
            (
                -- include: successions
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
