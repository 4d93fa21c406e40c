-- An erased account's redemptions; their deletions, which name no account, stay.
ALTER TABLE promo_usages DELETE
WHERE user_id IN {keys:Array(String)}
  AND version < arrayElement({bounds:Array(UInt64)}, indexOf({keys:Array(String)}, user_id))
  AND is_deleted = 0
