-- Which share of the redemptions was by accounts whose alert stands now?
SELECT countIf(user_hash IN (SELECT user_hash FROM standing_accounts)) / nullIf(count(), 0) AS share
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
