-- Which share of the redemptions was by accounts whose alert stands now?
SELECT countIf(user_hash IN (SELECT user_hash FROM standing_accounts)) / nullIf(count(), 0) AS share
FROM promo_usages FINAL
WHERE
    -- include: chosen_redemptions
