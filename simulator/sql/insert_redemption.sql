-- An account redeems a code once at most, so a play that is repeated at another time adds nothing.
INSERT INTO promo_usages (user_id, promo_code, used_at, used_promo)
SELECT $1::text, $2::text, $3::timestamptz, $4::boolean
WHERE NOT EXISTS (SELECT FROM promo_usages WHERE user_id = $1 AND promo_code = $2)
