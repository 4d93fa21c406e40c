-- Which kinds of discount are there?
SELECT DISTINCT assumeNotNull(discount_type) AS discount_type
FROM promo_codes FINAL
WHERE discount_type IS NOT NULL
ORDER BY discount_type
