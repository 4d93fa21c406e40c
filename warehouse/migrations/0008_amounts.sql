-- Which amounts of a code are null here though PostgreSQL has one: NaN, infinite, or from 10^32 on.
ALTER TABLE promo_codes ADD COLUMN IF NOT EXISTS not_held Array(LowCardinality(String));

-- As in ml/policy.py: what a redemption is worth ends where a Decimal(38, 6) does, so that sums over
-- any number of redemptions stay within 256 bits. Beyond it is a lower bound; below it, unknown.
CREATE OR REPLACE VIEW code_worth AS
WITH
    toDecimal256('99999999999999999999999999999999.999999', 12) AS most,
    multiIf(
        discount_type = 'fixed_amount', toDecimal256(discount_value, 12),
        discount_type = 'percentage',
        toDecimal256(min_purchase_amount, 6) * toDecimal256(discount_value, 6) / 100,
        NULL
    ) AS exact
SELECT
    promo_code,
    discount_type,
    multiIf(exact > most, most, exact < -most, NULL, exact) AS value,
    ifNull(
        (discount_type = 'percentage' AND isNotNull(value)) OR exact > most, false
    ) AS is_lower_bound
FROM promo_codes FINAL;
