-- Redemptions, not refused attempts, of the period and as the filters say.
used_promo IS NOT FALSE
AND $__timeFilter_ms(used_at)
AND (
    '__all' IN (${code:sqlstring})
    OR promo_code IN (${code:sqlstring})
    OR canonical_code IN (${code:sqlstring})
    OR canonical_code IN (
        SELECT canonical_code FROM promo_codes FINAL WHERE promo_code IN (${code:sqlstring})
    )
)
AND (
    '__all' IN (${discount:sqlstring})
    OR canonical_code IN (
        SELECT canonical_code FROM code_worth WHERE discount_type IN (${discount:sqlstring})
    )
)
AND (
    '__all' IN (${timezone:sqlstring})
    OR user_hash IN (SELECT user_hash FROM users FINAL WHERE timezone IN (${timezone:sqlstring}))
)
