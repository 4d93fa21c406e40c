SELECT EXISTS (
    SELECT FROM promo_usages
    WHERE user_id = $1 AND promo_code = $2 AND used_at = $3
    AND used_promo IS NOT DISTINCT FROM $4
)
