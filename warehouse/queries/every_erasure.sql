-- Which accounts were erased, and when? Those that came back too, until their rows are merged.
SELECT
    user_id,
    max(version) AS removed_by,
    toUnixTimestamp64Micro(max(committed_at)) AS committed_at_us
FROM users
WHERE is_deleted = 1
GROUP BY user_id
ORDER BY user_id
