-- Keys in their order, behind one, so many at most; null is from the first, and all.
SELECT user_id, user_id
FROM users
WHERE $1::text IS NULL OR user_id > $1::text
ORDER BY user_id
LIMIT $2::bigint
