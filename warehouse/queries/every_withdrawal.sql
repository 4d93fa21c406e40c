-- Which redemptions were withdrawn, and when? Those that came back too, until their rows are merged.
SELECT
    usage_id,
    max(version) AS removed_by,
    toUnixTimestamp64Micro(max(committed_at)) AS committed_at_us
FROM promo_usages
WHERE is_deleted = 1
GROUP BY usage_id
ORDER BY usage_id
