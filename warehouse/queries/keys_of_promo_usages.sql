-- Keys in their order, behind one, so many at most.
SELECT toString(usage_id) AS id, user_id
FROM promo_usages FINAL
WHERE usage_id > toInt64OrZero({after:String}) OR {from_first:Bool}
ORDER BY usage_id
LIMIT {most:UInt64}
