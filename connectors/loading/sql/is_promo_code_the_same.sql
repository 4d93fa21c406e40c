SELECT EXISTS (
    SELECT FROM promo_codes
    WHERE promo_code = $1
    AND (discount_type, discount_value, min_purchase_amount) IS NOT DISTINCT FROM ($2, $3, $4)
)
