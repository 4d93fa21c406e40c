-- How many accounts stand at each level now?
SELECT level, count() AS accounts
FROM
(
    SELECT user_id, argMax(level, revision) AS level
    FROM risk_scores FINAL
    GROUP BY user_id
)
GROUP BY level
ORDER BY indexOf(['critical', 'high', 'medium', 'low'], level)
