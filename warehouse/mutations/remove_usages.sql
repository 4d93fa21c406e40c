-- Single redemptions; their deletions, or what they have become since, stay.
ALTER TABLE promo_usages DELETE
WHERE usage_id IN {keys:Array(Int64)}
  AND version < arrayElement({bounds:Array(UInt64)}, indexOf({keys:Array(Int64)}, usage_id))
