-- What has become of a claim that was granted. See slots.lua. Reads only.
--
-- ARGV[1]  msgpack {user, code, claim, before, expiry, newest}
--          before: slots of the code that the account used when it claimed, expiry: the claim's
-- Returns  'used' once a redemption has followed it, else 'open', 'expired' or 'released'
local input = cmsgpack.unpack(ARGV[1])
local now = now_ms()
local before, is_open = input.before, false
for _, claim in ipairs(open_claims(input.user, input.code, now)) do
  if claim.claim == input.claim then before, is_open = claim.before, true end
end
if redemptions_of(input.user, input.code, input.newest) > before then return 'used' end
if is_open then return 'open' end
return input.expiry <= now and 'expired' or 'released'
