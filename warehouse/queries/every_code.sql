-- Which promo codes exist, and what do they give?
SELECT
    promo_code,
    canonical_code,
    discount_type,
    discount_value,
    min_purchase_amount,
    version,
    toUnixTimestamp64Micro(committed_at) AS committed_at_us
FROM promo_codes FINAL
ORDER BY promo_code
