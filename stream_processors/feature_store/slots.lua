-- What one account has of a code: redemptions, and open claims. Stands before claim.lua and
-- release.lua, which share it.
--
-- Keys of claims, beside those that exchange.lua keeps; all of them expire
--   claims:<user>             sorted set of its open claims, "<claim>:<before>:<at>:<code>" by
--                             expiry; <before> is how many slots of the code the account used
--                             when it claimed, <at> when that was (all times here in ms since
--                             1970); a code is canonical
--   claimant:<user>           hash: t sign-up (us), i strong identifiers, both as they were at its
--                             newest claim
--   claimants:<link>:<hash>   sorted set of the accounts that claimed with this identifier, by
--                             expiry
--   claim-key:<client>:<key>  what was answered to a client's idempotency key
--
-- A claim is used up, and counts no more beside the redemption, once its account has redeemed the
-- code more often than it had slots before. So a claim that expired or was released unused makes
-- nobody get a slot too much.

local function now_ms()
  local now = redis.call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000)
end

-- How often an account redeemed a code among its newest redemptions, and when last (us).
local function redemptions_of(user, code, newest)
  local count, last = 0, false
  local found = redis.call('ZREVRANGE', 'z:' .. user, 0, newest - 1, 'WITHSCORES')
  for i = 1, #found, 2 do
    if string.sub(found[i], 22) == code then
      count = count + 1
      last = last or tonumber(found[i + 1])
    end
  end
  return count, last
end

-- The account's open claims on a code, in no order: {member, claim, before, at, expiry}.
local function open_claims(user, code, now)
  local claims = {}
  local found = redis.call(
    'ZRANGEBYSCORE', 'claims:' .. user, '(' .. string.format('%.0f', now), '+inf', 'WITHSCORES')
  for i = 1, #found, 2 do
    local claim, before, at, of = string.match(found[i], '^(%x+):(%d+):(%d+):(.*)$')
    if of == code or not code then
      claims[#claims + 1] = {
        member = found[i], claim = claim, before = tonumber(before), at = tonumber(at),
        code = of, expiry = found[i + 1],
      }
    end
  end
  return claims
end
