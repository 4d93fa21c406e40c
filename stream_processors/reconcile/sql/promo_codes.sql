-- Rows as Debezium writes them: all of them, or those with the given keys. "seen" differs after
-- every change of a row.
SELECT
    xmin::text || ctid::text AS seen,
    promo_code,
    discount_type,
    discount_value::text AS discount_value,
    min_purchase_amount::text AS min_purchase_amount
FROM promo_codes
WHERE $1::text[] IS NULL OR promo_code = ANY($1::text[])
