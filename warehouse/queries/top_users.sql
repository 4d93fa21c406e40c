-- Who redeems most? Ties sort by id.
SELECT user_id, count() AS redemptions, uniqExact(promo_code) AS codes
FROM promo_usages FINAL
WHERE used_promo IS NOT FALSE
GROUP BY user_id
ORDER BY redemptions DESC, user_id
LIMIT {limit:UInt32}
