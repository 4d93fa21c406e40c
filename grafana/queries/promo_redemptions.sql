-- How many redemptions were there?
SELECT count() AS redemptions
FROM promo_usages FINAL
WHERE
    -- include: chosen_redemptions
