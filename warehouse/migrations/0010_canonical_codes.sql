-- All writings of a promo code are one canonical code (connectors/promo_codes.py), by which codes
-- are grouped and joined. The worker writes it; of rows from before it is told roughly, letter case
-- and blanks alone, until `make replay GROUP=warehouse` has brought them again.
ALTER TABLE promo_codes
    ADD COLUMN IF NOT EXISTS canonical_code String DEFAULT upperUTF8(trimBoth(promo_code));

ALTER TABLE promo_usages
    ADD COLUMN IF NOT EXISTS canonical_code String DEFAULT upperUTF8(trimBoth(promo_code));

-- What a redemption of a code gives away, as in ml/policy.py: a fixed discount its value, a
-- percentage at least its share of the minimum purchase; null where the terms do not tell; no more
-- than a Decimal(38, 6) holds, a lower bound there, so that sums stay within 256 bits. Where
-- several writings of a code are defined the smallest one's terms hold, as in both feature stores;
-- promo_code is that writing, the one to show.
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
    canonical_code,
    promo_code,
    discount_type,
    multiIf(exact > most, most, exact < -most, NULL, exact) AS value,
    ifNull(
        (discount_type = 'percentage' AND isNotNull(value)) OR exact > most, false
    ) AS is_lower_bound
FROM promo_codes FINAL
ORDER BY promo_code
LIMIT 1 BY canonical_code;
