-- What do the codes that the flagged accounts redeemed give away, at least?
SELECT ifNull(toFloat64(sum(value)), 0) AS money
FROM
(
    SELECT argMax(value_at_risk, revision) AS value
    FROM abuse_alerts
    GROUP BY user_id
    HAVING argMax(status, revision) != 'cleared'
)
