-- Of an erased account's alert the last revision stays, which says that it was cleared.
ALTER TABLE abuse_alerts DELETE
WHERE user_id IN {keys:Array(String)}
  AND revision < arrayElement({bounds:Array(UInt64)}, indexOf({keys:Array(String)}, user_id))
