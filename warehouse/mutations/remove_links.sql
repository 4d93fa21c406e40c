-- The list of an erased account's falsely linked accounts.
ALTER TABLE link_decisions DELETE
WHERE user_id IN {keys:Array(String)}
  AND version < arrayElement({bounds:Array(UInt64)}, indexOf({keys:Array(String)}, user_id))
