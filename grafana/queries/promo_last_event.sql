-- Until when does the shop's story go? Now, unless rows are dated later: then milliseconds since 1970
-- just behind the last of them.
SELECT if(latest > now64(6), toString(intDiv(toUnixTimestamp64Micro(latest), 1000) + 1), 'now') AS last_event
FROM
(
    SELECT
        greatest(registered, redeemed) AS latest,
        (SELECT ifNull(max(created_at), now64(6)) FROM users WHERE is_deleted = 0) AS registered,
        (SELECT ifNull(max(used_at), now64(6)) FROM promo_usages WHERE is_deleted = 0) AS redeemed
)
