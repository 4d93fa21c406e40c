-- What did the redemptions give away, at least?
SELECT ifNull(toFloat64(sum(used.redemptions * worth.value)), 0) AS money
FROM
(
    SELECT promo_code, count() AS redemptions
    FROM promo_usages FINAL
    WHERE
        used_promo IS NOT FALSE
        AND $__timeFilter_ms(used_at)
        AND ('__all' IN (${code:sqlstring}) OR promo_code IN (${code:sqlstring}))
        AND (
            '__all' IN (${discount:sqlstring})
            OR promo_code IN (
                SELECT promo_code FROM promo_codes FINAL WHERE discount_type IN (${discount:sqlstring})
            )
        )
        AND (
            '__all' IN (${timezone:sqlstring})
            OR user_hash IN (SELECT user_hash FROM users FINAL WHERE timezone IN (${timezone:sqlstring}))
        )
    GROUP BY promo_code
) AS used
INNER JOIN code_worth AS worth ON worth.promo_code = used.promo_code
