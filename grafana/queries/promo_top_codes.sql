-- Which ten codes are redeemed most, by accounts whose alert stands now and by others? Ties sort
-- by code.
WITH most AS
(
    SELECT promo_code
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
    ORDER BY count() DESC, promo_code
    LIMIT 10
)
SELECT
    promo_code,
    count() - flagged AS others,
    countIf(user_hash IN (SELECT user_hash FROM standing_accounts)) AS flagged
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
    AND promo_code IN (SELECT promo_code FROM most)
GROUP BY promo_code
ORDER BY count() DESC, promo_code
