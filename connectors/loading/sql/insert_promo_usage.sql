-- The table has no unique key over a redemption's identity: other writers may repeat one.
INSERT INTO promo_usages (user_id, promo_code, used_at, used_promo)
SELECT $1::text, $2::text, $3::timestamptz, $4::boolean
WHERE NOT EXISTS (
    SELECT FROM promo_usages WHERE user_id = $1 AND promo_code = $2 AND used_at = $3
)
