-- What is believed of these accounts now?
SELECT user_id, argMax(level, revision) AS level, argMax(score, revision) AS score
FROM risk_scores
WHERE user_id IN {users:Array(String)}
GROUP BY user_id
