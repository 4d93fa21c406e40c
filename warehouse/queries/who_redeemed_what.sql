-- Who redeemed, or tried, which promo code, and when?
SELECT
    usage_id,
    user_id,
    promo_code,
    toUnixTimestamp64Micro(assumeNotNull(used_at)) AS used_at_us,
    used_promo,
    version
FROM promo_usages FINAL
WHERE used_at IS NOT NULL
ORDER BY used_at, usage_id
