-- Which of these accounts are known, and was each one's newest change its erasure?
SELECT user_id, argMax(is_deleted, version) = 1 AS is_erased
FROM users
WHERE user_id IN {users:Array(String)}
GROUP BY user_id
