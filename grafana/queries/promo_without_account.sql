-- How many redemptions were by somebody who is not among the registered accounts? Told apart by
-- 64-bit hashes, which are narrow: two that collide are one in ten million shops.
SELECT count() AS redemptions
FROM promo_usages FINAL
WHERE
    -- include: chosen_redemptions
    AND user_hash NOT IN (SELECT user_hash FROM users FINAL)
