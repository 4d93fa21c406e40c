-- How many of the standing alerts are critical?
SELECT count() AS alerts
FROM
(
    SELECT user_id
    FROM abuse_alerts
    GROUP BY user_id
    HAVING argMax(status, revision) != 'cleared' AND argMax(level, revision) = 'critical'
)
