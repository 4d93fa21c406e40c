-- Which codes are redeemed most? Ties sort by code.
SELECT promo_code, count() AS redemptions, uniqExact(user_id) AS users
FROM promo_usages FINAL
WHERE used_promo IS NOT FALSE
GROUP BY promo_code
ORDER BY redemptions DESC, promo_code
LIMIT {limit:UInt32}
