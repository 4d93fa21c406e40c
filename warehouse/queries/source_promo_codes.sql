-- Promo codes as they stand: all of them, or those with the given keys.
SELECT promo_code, canonical_code, discount_type, discount_value, min_purchase_amount, version
FROM promo_codes FINAL
WHERE empty({keys:Array(String)}) OR promo_code IN {keys:Array(String)}
