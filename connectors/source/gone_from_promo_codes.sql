-- Which of these keys has promo_codes no row of?
SELECT key
FROM unnest($1::text[]) AS key
WHERE NOT EXISTS (SELECT FROM promo_codes WHERE promo_code = key)
