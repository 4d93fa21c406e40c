-- After delivery: keep the latest risks, drop those of erased accounts, clear the outbox.
--
-- ARGV[1]  msgpack {risks, erased, passed_on}
--          a risk: {user, revision it replaces or false, revision, digest, alert, document};
--          an empty document keeps the one that is there
--          passed on: {source, user, token}
-- Returns  the users whose risk somebody else has written in between: score them again
local input = cmsgpack.unpack(ARGV[1])
local lost = {}
for _, risk in ipairs(input.risks) do
  local key = 'risk:' .. risk[1]
  local revision = redis.call('HGET', key, 'revision')
  if revision == risk[2] or revision == risk[3] then
    redis.call('HSET', key, 'revision', risk[3], 'digest', risk[4], 'alert', risk[5])
    if risk[6] ~= '' then redis.call('HSET', key, 'document', risk[6]) end
  else
    lost[#lost + 1] = risk[1]
  end
end
for _, user in ipairs(input.erased) do redis.call('DEL', 'risk:' .. user) end
for _, entry in ipairs(input.passed_on) do
  local key = 'o:' .. entry[1]
  if redis.call('HGET', key, entry[2]) == entry[3] then redis.call('HDEL', key, entry[2]) end
end
return lost
