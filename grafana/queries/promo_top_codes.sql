-- Which ten codes are redeemed most, by accounts whose alert stands now and by others? Ties sort
-- by code.
WITH most AS
(
    SELECT promo_code
    FROM promo_usages FINAL
    WHERE
        -- include: chosen_redemptions
    GROUP BY promo_code
    ORDER BY count() DESC, promo_code
    LIMIT 10
)
SELECT
    promo_code,
    count() - flagged AS others,
    countIf(user_hash IN (SELECT user_hash FROM standing_accounts)) AS flagged
FROM promo_usages FINAL
WHERE
    -- include: chosen_redemptions
    AND promo_code IN (SELECT promo_code FROM most)
GROUP BY promo_code
ORDER BY count() DESC, promo_code
