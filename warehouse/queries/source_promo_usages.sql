-- Redemptions and attempts as they stand: all of them, or those with the given keys.
SELECT
    usage_id,
    user_id,
    promo_code,
    canonical_code,
    toUnixTimestamp64Micro(assumeNotNull(used_at)) AS used_at_us,
    used_promo,
    version
FROM promo_usages FINAL
WHERE empty({keys:Array(Int64)}) OR usage_id IN {keys:Array(Int64)}
