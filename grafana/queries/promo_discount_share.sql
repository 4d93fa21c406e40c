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
    SELECT canonical_code, count() AS redemptions
    FROM promo_usages FINAL
    WHERE
        -- include: chosen_redemptions
    GROUP BY canonical_code
) AS used
LEFT JOIN code_worth AS worth ON worth.canonical_code = used.canonical_code
GROUP BY discount_type
ORDER BY redemptions DESC, discount_type
