-- Give a turn back, unless it ran out and somebody else has it.
--
-- KEYS[1]  turn:<user>
-- ARGV[1]  the token it was taken with
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0
