-- Who redeems most within a period, and what did that give away? Ties sort by id.
-- As in ml/policy.py: a fixed discount gives its value, a percentage at least its share of the
-- minimum purchase; null where no redeemed code has terms that tell.
WITH worth AS
(
    SELECT
        promo_code,
        multiIf(
            discount_type = 'fixed_amount', toDecimal256(discount_value, 12),
            discount_type = 'percentage',
            toDecimal256(min_purchase_amount, 6) * toDecimal256(discount_value, 6) / 100,
            NULL
        ) AS value,
        ifNull(discount_type = 'percentage' AND isNotNull(value), false) AS is_lower_bound
    FROM promo_codes FINAL
)
SELECT
    user_id,
    count() AS redemptions,
    uniqExact(promo_code) AS codes,
    toFloat64(sum(worth.value)) AS value,
    toBool(max(worth.is_lower_bound)) AS value_is_lower_bound
FROM promo_usages AS used FINAL
LEFT JOIN worth ON worth.promo_code = used.promo_code
WHERE used_promo IS NOT FALSE
    AND used_at >= {since:DateTime64(6, 'UTC')}
    AND used_at < {until:DateTime64(6, 'UTC')}
GROUP BY user_id
ORDER BY redemptions DESC, user_id
LIMIT {limit:UInt32}
