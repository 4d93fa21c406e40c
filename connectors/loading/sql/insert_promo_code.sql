INSERT INTO promo_codes (promo_code, discount_type, discount_value, min_purchase_amount)
VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
