-- End an open claim of an account. See slots.lua. Idempotent.
--
-- ARGV[1]  msgpack {user, claim, newest}
-- Returns  1 if the claim was open, 0 if there was nothing to end
local input = cmsgpack.unpack(ARGV[1])
local key = 'claims:' .. input.user
local ended
for _, claim in ipairs(open_claims(input.user, nil, now_ms())) do
  if claim.claim == input.claim then ended = claim end
end
if not ended then return 0 end
redis.call('ZREM', key, ended.member)
if redemptions_of(input.user, ended.code, input.newest) <= ended.before then
  -- It was not used up, so those after it had one slot less before them.
  for _, later in ipairs(open_claims(input.user, ended.code, now_ms())) do
    if later.before > ended.before then
      local member = string.format(
        '%s:%.0f:%.0f:%s', later.claim, later.before - 1, later.at, later.code)
      -- In this order the set is never empty, which would take its expiry away.
      redis.call('ZADD', key, later.expiry, member)
      redis.call('ZREM', key, later.member)
    end
  end
end
return 1
