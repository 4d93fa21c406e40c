-- When does the shop's story begin? Milliseconds since 1970, so that a link may say from when on; cut
-- towards the past, so that the first event is within.
SELECT intDiv(first_us - if(first_us < 0, 999, 0), 1000) AS first_event
FROM
(
    SELECT
        toUnixTimestamp64Micro(least(registered, redeemed)) AS first_us,
        (SELECT ifNull(min(created_at), now64(6)) FROM users WHERE is_deleted = 0) AS registered,
        (SELECT ifNull(min(used_at), now64(6)) FROM promo_usages WHERE is_deleted = 0) AS redeemed
)
