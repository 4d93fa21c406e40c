-- After delivery: the kept risks are delivered, erased accounts' risks go, the outboxes are cleared.
--
-- ARGV[1]  msgpack {delivered, erased, passed_on, ended}
--          delivered: {user, revision}; passed on and ended: {source, entry, token}
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
local function clear(name, entries)
  for _, entry in ipairs(entries) do
    local key = name .. ':' .. entry[1]
    if redis.call('HGET', key, entry[2]) == entry[3] then redis.call('HDEL', key, entry[2]) end
  end
end
clear('o', input.passed_on)
clear('q', input.ended)
return overtaken
