-- When does the shop's story begin? Milliseconds since 1970, so that a link may say from when on.
SELECT toUnixTimestamp64Milli(toDateTime64(least(registered, redeemed), 3)) AS first_event
FROM
(
    SELECT
        (SELECT ifNull(min(created_at), now64(6)) FROM users WHERE is_deleted = 0) AS registered,
        (SELECT ifNull(min(used_at), now64(6)) FROM promo_usages WHERE is_deleted = 0) AS redeemed
)
