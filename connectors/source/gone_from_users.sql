-- Which of these keys has users no row of?
SELECT key
FROM unnest($1::text[]) AS key
WHERE NOT EXISTS (SELECT FROM users WHERE user_id = key)
