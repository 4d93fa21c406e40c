-- Which alerts stand, the newest events first?
SELECT
    user_id,
    argMax(score, revision) AS score,
    argMax(level, revision) AS level,
    argMax(reasons, revision) AS reasons,
    argMax(value_at_risk, revision) AS value_at_risk,
    argMax(event_time, revision) AS event_time
FROM abuse_alerts FINAL
GROUP BY user_id
HAVING argMax(status, revision) != 'cleared'
ORDER BY event_time DESC, user_id
LIMIT {limit:UInt32}
