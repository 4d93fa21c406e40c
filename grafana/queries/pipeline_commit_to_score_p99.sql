-- Within how many seconds of the commit in PostgreSQL were 99 of 100 scores delivered, of accounts
-- that registered or redeemed in the period? As pipeline_commit_to_score.sql, in one stretch.
WITH
    -- include: looking_since
SELECT quantilePrometheusHistogram(0.99)(upper_s, grown) AS p99
FROM
(
    SELECT toFloat64(JSONExtractString(labels, 'le')) AS upper_s, sum(growth) AS grown
    FROM
    (
        SELECT
            labels,
            sum(
                -- include: growth
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
                startsWith(part, 'scoring-')
                AND metric = 'promo_commit_to_score_seconds_bucket'
                AND (
                    endsWith(labels, '"trigger":"registration"}')
                    OR endsWith(labels, '"trigger":"redemption"}')
                )
                AND sampled_at >= $__fromTime_ms - INTERVAL 70 SECOND
                AND sampled_at <= $__toTime_ms
            WINDOW series AS (PARTITION BY part, labels ORDER BY sampled_at)
        )
        GROUP BY labels
    )
    GROUP BY upper_s
)
HAVING sum(grown) > 0
