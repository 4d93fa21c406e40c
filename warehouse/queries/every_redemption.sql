-- Which redemptions and attempts exist, and since when?
SELECT
    usage_id,
    user_id,
    promo_code,
    canonical_code,
    toUnixTimestamp64Micro(assumeNotNull(used_at)) AS used_at_us,
    used_promo,
    version,
    toUnixTimestamp64Micro(committed_at) AS committed_at_us
FROM promo_usages FINAL
WHERE used_at IS NOT NULL
ORDER BY used_at, usage_id
