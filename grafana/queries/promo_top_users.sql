-- Who are the ten that redeem most? Ties sort by id.
-- Hashes, which are narrow, sort out the many; what is shown is counted by the id itself. One more
-- hash than ids, as two of them could share one.
WITH
    busiest AS
    (
        SELECT user_hash
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
        GROUP BY user_hash
        ORDER BY count() DESC
        LIMIT 11 WITH TIES
    ),
    most AS
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
                OR user_hash IN (SELECT user_hash FROM users FINAL WHERE timezone IN (${timezone:sqlstring}))
            )
            AND user_hash IN (SELECT user_hash FROM busiest)
        GROUP BY user_id
        ORDER BY redemptions DESC, user_id
        LIMIT 10
    )
SELECT
    user_id,
    redemptions - flagged AS others,
    if(user_id IN (SELECT user_id FROM standing_accounts), redemptions, 0) AS flagged
FROM most
ORDER BY redemptions DESC, user_id
