-- An analyst's word on an erased account.
ALTER TABLE labels DELETE
WHERE user_id IN {keys:Array(String)}
  AND version < arrayElement({bounds:Array(UInt64)}, indexOf({keys:Array(String)}, user_id))
