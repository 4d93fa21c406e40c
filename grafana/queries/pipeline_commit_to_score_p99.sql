-- Within how many seconds of the commit in PostgreSQL were 99 of 100 scores delivered, of accounts
-- that registered or redeemed in the period? As pipeline_commit_to_score.sql, in one stretch.
WITH
    -- include: looking_since,
    -- include: score_samples
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
            -- include: successions
        )
        GROUP BY labels
    )
    GROUP BY upper_s
)
HAVING sum(grown) > 0
