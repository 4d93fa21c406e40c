-- Which of these keys has promo_usages no row of?
SELECT key
FROM unnest($1::text[]) AS key
WHERE NOT EXISTS (SELECT FROM promo_usages WHERE usage_id = key::bigint)
