-- Keys in their order, behind one, so many at most; null is from the first, and all.
SELECT promo_code, promo_code
FROM promo_codes
WHERE $1::text IS NULL OR promo_code > $1::text
ORDER BY promo_code
LIMIT $2::bigint
