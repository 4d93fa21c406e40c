-- After delivery: the kept risks are delivered, erased accounts' risks go, the outbox is cleared.
--
-- ARGV[1]  msgpack {delivered, erased, passed_on}
--          delivered: {user, revision}; passed on: {source, user, token}
-- Returns  the users whose risk somebody else has replaced before ours was delivered: ours may
--          now be the last one in the topic, so theirs must be published again
local input = cmsgpack.unpack(ARGV[1])
local overtaken = {}
for _, risk in ipairs(input.delivered) do
  local key = 'risk:' .. risk[1]
  if redis.call('HGET', key, 'revision') == risk[2] then
    redis.call('HDEL', key, 'undelivered')
  else
    overtaken[#overtaken + 1] = risk[1]
  end
end
for _, user in ipairs(input.erased) do redis.call('DEL', 'risk:' .. user) end
for _, entry in ipairs(input.passed_on) do
  local key = 'o:' .. entry[1]
  if redis.call('HGET', key, entry[2]) == entry[3] then redis.call('HDEL', key, entry[2]) end
end
return overtaken
