-- Decide one claim of a promo code by one account, and reserve a slot for it. Comes after slots.lua
-- and identifiers.lua.
--
-- ARGV[1]  msgpack {record, digest, kept_ms, user, code, limit, ttl_ms, attempt, told, refused,
--                   said, is_trial, strong, near, window, most, newest, named}
--          told: {sign-up, identifiers} of an account that the store may not know yet, or false;
--          refused: whether the risk denies it anyhow; said: the verdict, kept with the answer;
--          is_trial: decide as if for the first time, reserve and keep nothing;
--          near and window: twice as many accounts are looked at for each identifier, at distance
--          1 and 2; most: accounts in all; newest: redemptions of each; named: holders that are
--          told, the nearest
-- Returns  msgpack {digest, attempt, granted, used, decided at, expiry, limit, accounts, holders,
--                   said, own}, which later calls with the same record get too, whatever they ask;
--          nil if nothing is known of the account.
--          A holder is {user, path, since, redemptions, last redeemed at, claims, claimed at}; its
--          path leads from the claimant to it, {{user, {link, ...}}, ...}, empty for itself.
--
-- The cluster: accounts that share a strong identifier with the claimant, and those that share
-- another one with such an account; none through a link that was declared false (with the
-- claimant for every kind: not at all), and none through an identifier that identifies nobody. An
-- identifier is not followed twice, so whoever was declared a stranger through it does not come back
-- through a third who has it too.
--
-- An account that is looked at costs about 20 us: most claims take 0.2 ms, the largest 40 ms.

local input = cmsgpack.unpack(ARGV[1])
local user, code = input.user, input.code

local answered = not input.is_trial and redis.call('GET', input.record)
if answered then return answered end

local now = now_ms()
local is_strong = {}
for _, link in ipairs(input.strong) do is_strong[link] = true end

local function strong(identifiers)
  local kept = {}
  for _, identifier in ipairs(identifiers) do
    if is_strong[identifier[1]] then kept[#kept + 1] = identifier end
  end
  return kept
end

-- Sign-up and strong identifiers: as the stream knows them, else as the account told in a claim.
local function identity(of)
  local kept = redis.call('HMGET', 'a:' .. of, 't', 'i')
  if kept[1] then return tonumber(kept[1]), strong(cmsgpack.unpack(kept[2])), true end
  kept = redis.call('HMGET', 'claimant:' .. of, 't', 'i')
  if kept[1] then return tonumber(kept[1]), cmsgpack.unpack(kept[2]), false end
  return nil, {}, false
end

local strangers_of = {}
local function is_stranger(one, link, other)
  local strangers = strangers_of[one]
  if not strangers then
    strangers = {}
    for _, member in ipairs(redis.call('SMEMBERS', 'x:' .. one)) do
      local through, who = string.match(member, '^[^%z]*%z([^%z]*)%z(.*)$')
      strangers[through .. '\0' .. who] = true
    end
    strangers_of[one] = strangers
  end
  return strangers['\0' .. other] or strangers[link .. '\0' .. other]
end

local function place_of(identifier) return identifier[1] .. ':' .. identifier[2] end

-- The accounts with an identifier, of many those that signed up around one, and as many of those
-- that claimed with it.
local function sharers(identifier, one, created, reach)
  local place = place_of(identifier)
  local key, first = 'k:' .. place, 0
  local beyond = redis.call('ZCARD', key) - (2 * reach + 1)
  if beyond > 0 then
    local at = redis.call('ZRANK', key, one)
      or redis.call('ZCOUNT', key, '-inf', '(' .. string.format('%.0f', created))
    first = math.max(0, math.min(at - reach, beyond))
  end
  local found = redis.call('ZRANGE', key, first, first + 2 * reach)
  local claimants = redis.call(
    'ZREVRANGEBYSCORE', 'claimants:' .. place, '+inf', '(' .. string.format('%.0f', now),
    'LIMIT', 0, 2 * reach)
  for _, other in ipairs(claimants) do found[#found + 1] = other end
  return found
end

-- Whom the claimant met, through whom and by which kinds of identifier.
local met, order = {[user] = {}}, {}

local function is_full() return #order + 1 >= input.most end

local function follow(identifier, one, created, reach)
  local link = identifier[1]
  if not is_counted(link, identifier[2]) then return end
  for _, other in ipairs(sharers(identifier, one, created, reach)) do
    local known = met[other]
    if known and known.via == one then
      if known.links[#known.links] ~= link and not is_stranger(one, link, other) then
        known.links[#known.links + 1] = link
      end
    elseif not known and not is_full() and not is_stranger(one, link, other)
      and not is_stranger(user, '', other) then
      met[other] = {via = one, links = {link}}
      order[#order + 1] = other
    end
  end
end

local created, identifiers, is_seen = identity(user)
if not is_seen and input.told then
  created, identifiers = input.told[1], input.told[2]
elseif not is_seen then
  return false
end

local followed = {}
for _, identifier in ipairs(identifiers) do
  followed[place_of(identifier)] = true
  follow(identifier, user, created, input.near)
end
for at = 1, #order do
  if is_full() then break end
  local one = order[at]
  local signed_up, has = identity(one)
  for _, identifier in ipairs(has) do
    if not followed[place_of(identifier)] then
      follow(identifier, one, signed_up, input.window)
    end
  end
end

-- How the claimant is linked with an account, and since when all on the way exist.
local function way_to(one)
  local path, since = {}, created
  while one ~= user do
    table.insert(path, 1, {one, met[one].links})
    since = math.max(since, (identity(one)) or 0)
    one = met[one].via
  end
  return path, since
end

local holders, total = {}, 0
local function count(one)
  local redeemed, last = redemptions_of(one, code, input.newest)
  local open, claimed_at = 0, false
  for _, claim in ipairs(open_claims(one, code, now)) do
    if claim.before >= redeemed then
      open = open + 1
      claimed_at = math.max(claimed_at or 0, claim.at)
    end
  end
  if redeemed + open > 0 and #holders < input.named then
    local path, since = way_to(one)
    holders[#holders + 1] = {one, path, since, redeemed, last, open, claimed_at}
  end
  total = total + redeemed + open
  return redeemed + open
end
local own = count(user)
for _, other in ipairs(order) do count(other) end

local function expire(key, expiry)
  if redis.call('PEXPIRETIME', key) < expiry then
    redis.call('PEXPIREAT', key, string.format('%.0f', expiry))
  end
end

local function add(key, member, expiry)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', now))
  redis.call('ZADD', key, string.format('%.0f', expiry), member)
  expire(key, expiry)
end

-- What the claimant has is remembered with its claim, and, while the stream has not seen it, with
-- its question: it may be what links two others.
local expiry = now + input.ttl_ms
local is_granted = not input.refused and total < input.limit
if not input.is_trial and (is_granted or not is_seen) then
  local key = 'claimant:' .. user
  redis.call('HSET', key, 't', string.format('%.0f', created), 'i', cmsgpack.pack(identifiers))
  expire(key, expiry)
  for _, identifier in ipairs(identifiers) do
    add('claimants:' .. place_of(identifier), user, expiry)
  end
end
if is_granted and not input.is_trial then
  local member = string.format('%s:%.0f:%.0f:%s', input.attempt, own, now, code)
  add('claims:' .. user, member, expiry)
end

local record = cmsgpack.pack({
  input.digest, input.attempt, is_granted, total, now, expiry, input.limit, #order + 1, holders,
  input.said, own,
})
if not input.is_trial then
  redis.call('SET', input.record, record, 'PX', input.kept_ms)
end
return record
