-- What did the account's redemptions give away, at least?
SELECT toFloat64(sum(worth.value)) AS money
FROM
(
    SELECT promo_code FROM promo_usages FINAL WHERE user_id = ${user:sqlstring} AND used_promo IS NOT FALSE
) AS used
LEFT JOIN code_worth AS worth ON worth.promo_code = used.promo_code
HAVING ${user:sqlstring} != ''
