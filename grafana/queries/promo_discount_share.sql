-- Which share of redemptions, and of the money given, is of which kind of discount?
SELECT
    multiIf(
        worth.promo_code = '', 'code is not defined',
        worth.discount_type IS NULL, 'no type',
        worth.discount_type
    ) AS discount_type,
    sum(used.redemptions) / sum(sum(used.redemptions)) OVER () AS redemptions,
    ifNull(
        toFloat64(sum(used.redemptions * worth.value))
        / nullIf(sum(toFloat64(sum(used.redemptions * worth.value))) OVER (), 0),
        0
    ) AS money
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
LEFT JOIN code_worth AS worth ON worth.promo_code = used.promo_code
GROUP BY discount_type
ORDER BY redemptions DESC, discount_type
