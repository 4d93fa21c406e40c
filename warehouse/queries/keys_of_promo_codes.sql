-- Keys in their order, behind one, so many at most.
SELECT promo_code, canonical_code
FROM promo_codes FINAL
WHERE promo_code > {after:String} OR {from_first:Bool}
ORDER BY promo_code
LIMIT {most:UInt64}
