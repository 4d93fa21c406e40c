-- How many redemptions were by somebody who is not among the registered accounts? Told apart by
-- 64-bit hashes, which are narrow: two that collide are one in ten million shops.
SELECT count() AS redemptions
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
    AND user_hash NOT IN (SELECT user_hash FROM users FINAL)
