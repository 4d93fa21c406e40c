-- How often did the account redeem?
SELECT count() AS redemptions
FROM promo_usages FINAL
WHERE user_id = ${user:sqlstring} AND used_promo IS NOT FALSE
HAVING ${user:sqlstring} != ''
