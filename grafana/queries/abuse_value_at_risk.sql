-- What do the codes that the flagged accounts redeemed give away, at least? In 256 bits: a sum of 128 would
-- turn negative, and say nothing.
SELECT ifNull(toFloat64(sum(toDecimal256(value, 6))), 0) AS money
FROM
(
    SELECT argMax(value_at_risk, revision) AS value
    FROM abuse_alerts
    GROUP BY user_id
    HAVING argMax(status, revision) != 'cleared'
)
