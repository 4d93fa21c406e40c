-- Which codes are redeemed most within a period, how much of it by accounts whose alert stands
-- now, and what did it give away (as in top_users.sql)? Ties sort by code.
WITH
    suspects AS
    (
        SELECT user_id
        FROM abuse_alerts
        GROUP BY user_id
        HAVING argMax(status, revision) != 'cleared'
    ),
    worth AS
    (
        SELECT
            promo_code,
            multiIf(
                discount_type = 'fixed_amount', toDecimal256(discount_value, 12),
                discount_type = 'percentage',
                toDecimal256(min_purchase_amount, 6) * toDecimal256(discount_value, 6) / 100,
                NULL
            ) AS value,
            ifNull(discount_type = 'percentage' AND isNotNull(value), false) AS is_lower_bound
        FROM promo_codes FINAL
    ),
    busiest AS
    (
        SELECT
            promo_code,
            count() AS redemptions,
            uniqExact(user_id) AS users,
            countIf(user_id IN (SELECT user_id FROM suspects)) AS flagged
        FROM promo_usages FINAL
        WHERE used_promo IS NOT FALSE
            AND used_at >= {since:DateTime64(6, 'UTC')}
            AND used_at < {until:DateTime64(6, 'UTC')}
        GROUP BY promo_code
        ORDER BY redemptions DESC, promo_code
        LIMIT {limit:UInt32}
    )
SELECT
    busiest.promo_code AS promo_code,
    redemptions,
    users,
    flagged,
    round(redemptions * toFloat64(worth.value), 6) AS value,
    toBool(worth.is_lower_bound) AS value_is_lower_bound
FROM busiest
LEFT JOIN worth ON worth.promo_code = busiest.promo_code
ORDER BY redemptions DESC, promo_code
