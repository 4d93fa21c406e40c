-- How many redemptions a day?
SELECT toDate(used_at) AS day, count() AS redemptions
FROM promo_usages FINAL
WHERE used_promo IS NOT FALSE
GROUP BY day
ORDER BY day
