-- Of an erased account the deletion stays: its identity and version.
ALTER TABLE users DELETE
WHERE user_id IN {keys:Array(String)}
  AND version < arrayElement({bounds:Array(UInt64)}, indexOf({keys:Array(String)}, user_id))
