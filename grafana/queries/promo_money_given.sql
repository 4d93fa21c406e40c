-- What did the redemptions give away, at least?
SELECT ifNull(toFloat64(sum(used.redemptions * worth.value)), 0) AS money
FROM
(
    SELECT canonical_code, count() AS redemptions
    FROM promo_usages FINAL
    WHERE
        -- include: chosen_redemptions
    GROUP BY canonical_code
) AS used
INNER JOIN code_worth AS worth ON worth.canonical_code = used.canonical_code
