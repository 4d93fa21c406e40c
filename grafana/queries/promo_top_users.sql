-- Who are the ten that redeem most? Ties sort by id.
SELECT
    user_id,
    if(user_id IN (SELECT user_id FROM standing_accounts), 0, redemptions) AS others,
    redemptions - others AS flagged
FROM
(
    SELECT user_id, count() AS redemptions
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
            OR user_id IN (SELECT user_id FROM users FINAL WHERE timezone IN (${timezone:sqlstring}))
        )
    GROUP BY user_id
    ORDER BY redemptions DESC, user_id
    LIMIT 10
)
ORDER BY redemptions DESC, user_id
