-- Before delivery: keep the latest risks, each only if nobody has written another meanwhile.
--
-- A kept risk is "undelivered" until confirm.lua: whoever scores the account after a crash in
-- between knows that its publication may be missing, and publishes again under the same identity.
--
-- ARGV[1]  msgpack {risks}; a risk is
--          {user, revision it was compared with or false, revision it replaces or false,
--           revision, digest, alert, document}; an empty document keeps the one that is there
-- Returns  the users whose risk somebody else has written in between
local input = cmsgpack.unpack(ARGV[1])
local lost = {}
for _, risk in ipairs(input.risks) do
  local user, compared, replaces, revision = risk[1], risk[2], risk[3], risk[4]
  local key = 'risk:' .. user
  local known = redis.call('HGET', key, 'revision')
  if known == compared or known == revision then
    redis.call('HSET', key, 'revision', revision, 'replaces', replaces or '', 'digest', risk[5],
      'alert', risk[6], 'undelivered', '1')
    if risk[7] ~= '' then redis.call('HSET', key, 'document', risk[7]) end
  else
    lost[#lost + 1] = user
  end
end
return lost
