-- Which alerts were raised or revised last in the period, and why? Each account once.
WITH page AS
(
    SELECT user_id, max(revision) AS newest
    FROM abuse_alerts
    GROUP BY user_id
    HAVING max(scored_at) >= $__fromTime_ms AND max(scored_at) <= $__toTime_ms
    ORDER BY newest DESC, user_id
    LIMIT 50
)
SELECT
    scored_at,
    user_id,
    level,
    status,
    score,
    arrayStringConcat(
        arrayMap(r -> JSONExtractString(r, 'description'), JSONExtractArrayRaw(reasons)), '; '
    ) AS because,
    JSONLength(evidence) AS linked,
    toFloat64(value_at_risk) AS value_at_risk
FROM abuse_alerts
WHERE (user_id, revision) IN (SELECT user_id, newest FROM page)
ORDER BY revision DESC, user_id
LIMIT 1 BY user_id
