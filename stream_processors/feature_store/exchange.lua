-- One call a batch: apply changes in order, then answer what is known of some accounts.
--
-- ARGV[1]  msgpack {changes, subjects, hypothetical, sources, token,
--                   window, cap, day_us, strong, code_links}
-- Returns  msgpack {affected, left_over, subjects, accounts}
--
-- Keys
--   a:<user>         hash: v version, p profile, t sign-up, l label, i identifiers,
--                    f facts that neighbours see, dv and d an analyst's label,
--                    gv and g accounts that an analyst declared falsely linked, each
--                    {other, through, decided by, note, decided at},
--                    r<usage> [version, member or false] of each of its redemptions
--   x:<user>         set of "<who says so>\0<through>\0<other>": accounts falsely linked with it
--   z:<user>         sorted set of its counted redemptions: "<usage>:<code>" by time of use
--   k:<link>:<hash>  sorted set of the accounts with this identifier by sign-up
--   c:<code>         hash: v version, d terms
--   w:<code>         set of accounts that redeemed the code before it was defined
--   o:<source>       hash, an outbox: accounts that still have to be scored again -> token
--   risk:<user>      hash: the latest risk (written by keep.lua)
--   turn:<user>      token of who is deciding about an account just now (see end_turn.lua)
--
-- The keys of claims are told in slots.lua.
--
-- The rules mirror ml/memory_store.py, and a conformance suite holds both to one answer.

local input = cmsgpack.unpack(ARGV[1])
local WINDOW, CAP, DAY = input.window, input.cap, input.day_us
local is_strong, is_code_link = {}, {}
for _, link in ipairs(input.strong) do is_strong[link] = true end
for _, link in ipairs(input.code_links) do is_code_link[link] = true end

local affected, seen = {}, {}

local function touch(user, index, cause)
  local key = user .. '\0' .. cause
  if not seen[key] then
    seen[key] = true
    affected[#affected + 1] = {user, index, cause}
  end
end

-- Where an account stands, or would stand, in a set ordered by (sign-up, user).
local function place(key, user, created)
  local rank = redis.call('ZRANK', key, user)
  if rank then return rank, true end
  local at = redis.call('ZCOUNT', key, '-inf', '(' .. string.format('%.0f', created))
  local moment = string.format('%.0f', created)
  for _, tied in ipairs(redis.call('ZRANGEBYSCORE', key, moment, moment)) do
    if tied < user then at = at + 1 end
  end
  return at, false
end

-- The window around an account: {user, sign-up, user, sign-up, ...} without itself.
local function window(key, user, created)
  local at, member = place(key, user, created)
  local around = {}
  if at > 0 then
    around = redis.call('ZRANGE', key, math.max(0, at - WINDOW), at - 1, 'WITHSCORES')
  end
  local after = member and at + 1 or at
  for _, value in ipairs(redis.call('ZRANGE', key, after, after + WINDOW - 1, 'WITHSCORES')) do
    around[#around + 1] = value
  end
  return around
end

local function newest(user)
  local last = redis.call('ZRANGE', 'z:' .. user, -1, -1, 'WITHSCORES')
  local created = tonumber(redis.call('HGET', 'a:' .. user, 't')) or 0
  return math.max(created, tonumber(last[2]) or 0)
end

-- The codes of an account's first CAP redemptions, added to a set.
local function add_codes(codes, user)
  for _, member in ipairs(redis.call('ZRANGE', 'z:' .. user, 0, CAP - 1)) do
    codes[string.sub(member, 22)] = true
  end
  return codes
end

-- The accounts to which this account's presence can matter, by each link's rule.
local function reach(user, created, identifiers, found)
  for _, identifier in ipairs(identifiers) do
    local link, hashed = identifier[1], identifier[2]
    local around = window('k:' .. link .. ':' .. hashed, user, created)
    for i = 1, #around, 2 do
      local near = math.abs(tonumber(around[i + 1]) - created) <= DAY
      if is_strong[link] or near or newest(around[i]) >= created then found[around[i]] = true end
    end
  end
end

local function read_account(user)
  local fields = redis.call('HMGET', 'a:' .. user, 'v', 'p', 't', 'l', 'i', 'f', 'dv', 'd')
  return {
    version = tonumber(fields[1]) or -1,
    profile = fields[2],
    created = tonumber(fields[3]),
    label = fields[8] or fields[4],
    facts = fields[6],
    decided = tonumber(fields[7]) or -1,
    word = fields[8],
    packed = fields[5],
    identifiers = fields[5] and cmsgpack.unpack(fields[5]) or {},
  }
end

local function leave(user, account)
  for _, identifier in ipairs(account.identifiers) do
    redis.call('ZREM', 'k:' .. identifier[1] .. ':' .. identifier[2], user)
  end
end

local function enter(user, created, identifiers)
  for _, identifier in ipairs(identifiers) do
    redis.call('ZADD', 'k:' .. identifier[1] .. ':' .. identifier[2], created, user)
  end
end

local function touch_all(found, user, index, cause)
  found[user] = nil
  for other in pairs(found) do touch(other, index, cause) end
end

local function put_account(
  index, source, user, version, profile, created, label, identifiers, facts
)
  local before = read_account(user)
  if version < before.version then return end
  local redelivered = version == before.version
  local packed = profile and cmsgpack.pack(identifiers) or false
  local moved = before.packed ~= packed or before.created ~= (created or nil)
    or before.facts ~= facts
  local found, cause = {}, 'rescore'
  local key = 'a:' .. user
  redis.call('HSET', key, 'v', version)
  if profile then
    redis.call('HSET', key, 'p', profile, 't', created, 'i', packed, 'f', facts)
    if label then redis.call('HSET', key, 'l', label) else redis.call('HDEL', key, 'l') end
  else
    redis.call('HDEL', key, 'p', 't', 'l', 'i', 'f')
  end
  if redelivered or moved then
    leave(user, before)
    if profile then enter(user, created, identifiers) end
    if before.profile and moved then
      reach(user, before.created, before.identifiers, found)
      found[user] = nil
      -- A redelivery cannot tell these any more, so they are kept until they were passed on.
      for other in pairs(found) do redis.call('HSET', 'o:' .. source, other, input.token) end
    end
    if profile then reach(user, created, identifiers, found) end
  elseif (before.label or '') ~= (before.word or label or '') then
    cause = 'label'
    reach(user, created, identifiers, found)
  end
  touch_all(found, user, index, cause)
end

local function put_label(index, user, version, label)
  local account = read_account(user)
  if version < account.decided then return end
  local key = 'a:' .. user
  redis.call('HSET', key, 'dv', version)
  if label then redis.call('HSET', key, 'd', label) else redis.call('HDEL', key, 'd') end
  local after = label or redis.call('HGET', key, 'l')
  if version == account.decided or (account.label or '') ~= (after or '') then
    local found = {}
    if account.profile then reach(user, account.created, account.identifiers, found) end
    touch_all(found, user, index, 'label')
  end
end

local function put_links(index, source, user, version, ignored)
  local key = 'a:' .. user
  local known = redis.call('HMGET', key, 'gv', 'g')
  if version < (tonumber(known[1]) or -1) then return end
  local named = {[user] = true}
  for _, link in ipairs(known[2] and cmsgpack.unpack(known[2]) or {}) do
    local other, mark = link[1], user .. '\0' .. link[2] .. '\0'
    redis.call('SREM', 'x:' .. user, mark .. other)
    redis.call('SREM', 'x:' .. other, mark .. user)
    named[other] = true
    -- A redelivery cannot tell these any more, so they are kept until they were passed on.
    if version ~= tonumber(known[1]) then redis.call('HSET', 'o:' .. source, other, input.token) end
  end
  for _, link in ipairs(ignored) do
    local other, mark = link[1], user .. '\0' .. link[2] .. '\0'
    redis.call('SADD', 'x:' .. user, mark .. other)
    redis.call('SADD', 'x:' .. other, mark .. user)
    named[other] = true
  end
  redis.call('HSET', key, 'gv', version, 'g', cmsgpack.pack(ignored))
  for other in pairs(named) do
    if redis.call('HEXISTS', 'a:' .. other, 'p') == 1 then touch(other, index, 'label') end
  end
end

-- Whether an account shares another strong identifier with anybody, beside a strong one.
local function may_bridge(user, link)
  local packed = is_strong[link] and redis.call('HGET', 'a:' .. user, 'i')
  for _, other in ipairs(packed and cmsgpack.unpack(packed) or {}) do
    local key = 'k:' .. other[1] .. ':' .. other[2]
    if other[1] ~= link and is_strong[other[1]] and redis.call('ZCARD', key) > 1 then
      return true
    end
  end
  return false
end

local function put_redemption(index, user, version, usage, code, used_at)
  local key, field = 'a:' .. user, 'r' .. usage
  local known = redis.call('HGET', key, field)
  local earlier = known and cmsgpack.unpack(known) or {-1, false}
  if version < earlier[1] then return end
  -- A redelivery cannot tell any more which code it took away: then all codes count.
  local redelivered = version == earlier[1]
  local codes = add_codes({}, user)
  if earlier[2] then redis.call('ZREM', 'z:' .. user, earlier[2]) end
  local member = used_at and (usage .. ':' .. code) or false
  if member then
    redis.call('ZADD', 'z:' .. user, used_at, member)
    if redis.call('HEXISTS', 'c:' .. code, 'd') == 0 then redis.call('SADD', 'w:' .. code, user) end
  end
  redis.call('HSET', key, field, cmsgpack.pack({version, member}))
  local account = read_account(user)
  if not account.profile then return end
  add_codes(codes, user)
  touch(user, index, 'redemption')
  for _, identifier in ipairs(account.identifiers) do
    if is_code_link[identifier[1]] then
      local around = window('k:' .. identifier[1] .. ':' .. identifier[2], user, account.created)
      for i = 1, #around, 2 do
        local shares = redelivered
        for code_of in pairs(shares and {} or add_codes({}, around[i])) do
          shares = shares or codes[code_of]
        end
        if shares or may_bridge(around[i], identifier[1]) then
          touch(around[i], index, 'rescore')
        end
      end
    end
  end
end

local function put_code(index, code, version, terms)
  local key = 'c:' .. code
  if version < (tonumber(redis.call('HGET', key, 'v')) or -1) then return end
  redis.call('HSET', key, 'v', version)
  if terms then redis.call('HSET', key, 'd', terms) else redis.call('HDEL', key, 'd') end
  for _, user in ipairs(redis.call('SMEMBERS', 'w:' .. code)) do
    if redis.call('HEXISTS', 'a:' .. user, 'p') == 1 then touch(user, index, 'rescore') end
  end
end

local put = {
  account = put_account, redemption = put_redemption, code = put_code,
  label = put_label, links = put_links,
}
for _, change in ipairs(input.changes) do put[change[1]](unpack(change, 2)) end

local left_over = {}
for _, source in ipairs(input.sources) do
  local kept = redis.call('HGETALL', 'o:' .. source)
  for i = 1, #kept, 2 do left_over[#left_over + 1] = {source, kept[i], kept[i + 1]} end
end

-- What is known of the subjects, and once of each of their neighbours.
local accounts = {}
local function know(user)
  if accounts[user] == nil then
    local fields = redis.call('HMGET', 'a:' .. user, 'd', 'l', 'f')
    local redemptions = redis.call('ZRANGE', 'z:' .. user, 0, CAP - 1, 'WITHSCORES')
    accounts[user] = {fields[1] or fields[2], redemptions, fields[3]}
  end
end

local function linked(user, created, identifiers)
  local links = {}
  for _, identifier in ipairs(identifiers) do
    local around = window('k:' .. identifier[1] .. ':' .. identifier[2], user, created)
    for i = 1, #around, 2 do know(around[i]) end
    links[#links + 1] = {identifier[1], around}
  end
  return links
end

local function describe(user, account)
  local redemptions = redis.call('ZRANGE', 'z:' .. user, 0, CAP - 1, 'WITHSCORES')
  local codes = {}
  for i = 1, #redemptions, 2 do
    local code = string.sub(redemptions[i], 22)
    codes[#codes + 1] = {code, redis.call('HGET', 'c:' .. code, 'd')}
  end
  local last = redis.call('ZRANGE', 'z:' .. user, -1, -1, 'WITHSCORES')
  return {
    account.profile,
    redemptions,
    last[2] or false,
    account.profile and linked(user, account.created, account.identifiers) or {},
    codes,
    redis.call('HMGET', 'risk:' .. user, 'revision', 'replaces', 'digest', 'alert', 'undelivered'),
    redis.call('SMEMBERS', 'x:' .. user),
  }
end

local subjects = {}
for _, user in ipairs(input.subjects) do
  subjects[#subjects + 1] = describe(user, read_account(user))
end
for _, asked in ipairs(input.hypothetical) do
  local account = {profile = asked[2], created = asked[3], identifiers = asked[4]}
  subjects[#subjects + 1] = describe(asked[1], account)
end

return cmsgpack.pack({affected, left_over, subjects, accounts})
