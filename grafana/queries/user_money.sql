-- What did the account's redemptions give away, at least?
SELECT toFloat64(sum(worth.value)) AS money
FROM
(
    SELECT canonical_code FROM promo_usages FINAL WHERE user_id = ${user:sqlstring} AND used_promo IS NOT FALSE
) AS used
LEFT JOIN code_worth AS worth ON worth.canonical_code = used.canonical_code
HAVING ${user:sqlstring} != ''
