-- Which accounts are registered?
SELECT user_id
FROM users FINAL
ORDER BY user_id
