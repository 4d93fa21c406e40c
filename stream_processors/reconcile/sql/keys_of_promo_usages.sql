-- Keys in their order, behind one, so many at most; null is from the first, and all.
SELECT usage_id::text, user_id
FROM promo_usages
WHERE $1::text IS NULL OR usage_id > $1::text::bigint
ORDER BY usage_id
LIMIT $2::bigint
