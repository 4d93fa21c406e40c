-- Keys in their order, behind one, so many at most.
SELECT user_id, user_id
FROM users FINAL
WHERE user_id > {after:String} OR {from_first:Bool}
ORDER BY user_id
LIMIT {most:UInt64}
