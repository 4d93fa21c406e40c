-- One call a batch: apply changes in order, then answer what is known of some accounts. Comes after
-- identifiers.lua.
--
-- ARGV[1]  msgpack {changes, subjects, hypothetical, sources, token,
--                   window, cap, day_us, strong, contacts, code_links, large}
-- Returns  msgpack {affected, left_over, endings, subjects, accounts, sweeps}; a sweep is {link,
--          hash, decision}: whether the identifier counts has changed, which concerns all who have it
--
-- Keys
--   a:<user>         hash: v version, p profile, t sign-up, l label, i identifiers,
--                    f facts that neighbours see, c which contacts are verified, e version of its last erasure,
--                    dv, d and da an analyst's label: moment, word, row it was about,
--                    gv, g and ga the same of accounts declared falsely linked, each
--                    {other, through, decided by, note, decided at, its row},
--                    r<usage> [version, member or false] of each of its redemptions
--   x:<user>         set of "<who says so>\0<through>\0<other>": accounts falsely linked with it
--   z:<user>         sorted set of its counted redemptions: "<usage>:<code>" by time of use; a code
--                    is canonical wherever nothing else is said
--   k:<link>:<hash>  sorted set of the accounts with this identifier by sign-up
--   c:<code>         hash: v:<writing> version and d:<writing> terms of each of its rows, d the terms
--                    that hold: those of the smallest writing
--   w:<code>         set of accounts that redeemed the code before any writing of it was defined
--   o:<source>       hash, an outbox: accounts that still have to be scored again -> token
--   q:<source>       hash, an outbox: "label:<user>" and "links:<user>", what of them an erasure
--                    has ended and the topic still says -> token
--   risk:<user>      hash: the latest risk (written by keep.lua)
--   large            set of "<link>:<hash>": strong identifiers that LARGE accounts or more have
--   turn:<user>      token of who is deciding about an account just now (see end_turn.lua)
--
-- The keys of claims are told in slots.lua.
--
-- The rules mirror ml/memory_store.py, and a conformance suite holds both to one answer.

local input = cmsgpack.unpack(ARGV[1])
local WINDOW, CAP, DAY = input.window, input.cap, input.day_us
local LARGE = input.large
local is_strong, is_contact, is_code_link = {}, {}, {}
for _, link in ipairs(input.strong) do is_strong[link] = true end
for _, link in ipairs(input.contacts) do is_contact[link] = true end
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
    local around = is_counted(link, hashed)
      and window('k:' .. link .. ':' .. hashed, user, created) or {}
    for i = 1, #around, 2 do
      local near = math.abs(tonumber(around[i + 1]) - created) <= DAY
      if is_strong[link] or near or newest(around[i]) >= created then found[around[i]] = true end
    end
  end
end

local function read_account(user)
  local fields = redis.call(
    'HMGET', 'a:' .. user, 'v', 'p', 't', 'l', 'i', 'f', 'dv', 'd', 'e', 'da', 'c'
  )
  return {
    version = tonumber(fields[1]) or -1,
    profile = fields[2],
    created = tonumber(fields[3]),
    label = fields[8] or fields[4],
    facts = fields[6],
    verified = fields[11],
    decided = tonumber(fields[7]) or -1,
    word = fields[8],
    erased = tonumber(fields[9]) or -1,
    about = tonumber(fields[10]) or (fields[8] and 0 or -1),
    packed = fields[5],
    identifiers = fields[5] and cmsgpack.unpack(fields[5]) or {},
  }
end

local function note_size(identifier)
  if not is_strong[identifier[1]] then return end
  local place = identifier[1] .. ':' .. identifier[2]
  local is_large = redis.call('ZCARD', 'k:' .. place) >= LARGE
  redis.call(is_large and 'SADD' or 'SREM', 'large', place)
end

local function leave(user, account)
  for _, identifier in ipairs(account.identifiers) do
    redis.call('ZREM', 'k:' .. identifier[1] .. ':' .. identifier[2], user)
    note_size(identifier)
  end
end

local function enter(user, created, identifiers)
  for _, identifier in ipairs(identifiers) do
    redis.call('ZADD', 'k:' .. identifier[1] .. ':' .. identifier[2], created, user)
    note_size(identifier)
  end
end

-- Whether an account stands in the set of each of its identifiers; one may have been lost.
local function is_indexed(user, account)
  for _, identifier in ipairs(account.identifiers) do
    if not redis.call('ZSCORE', 'k:' .. identifier[1] .. ':' .. identifier[2], user) then
      return false
    end
  end
  return true
end

local function touch_all(found, user, index, cause)
  found[user] = nil
  for other in pairs(found) do touch(other, index, cause) end
end

local function contacts(identifiers)
  local found = {}
  for _, identifier in ipairs(identifiers) do
    if is_contact[identifier[1]] then found[#found + 1] = identifier end
  end
  return found
end

local function put_account(
  index, source, user, version, profile, created, label, identifiers, facts, verified
)
  local before = read_account(user)
  if version < before.version then return end
  local redelivered = version == before.version
  local packed = profile and cmsgpack.pack(identifiers) or false
  local moved = before.packed ~= packed or before.created ~= (created or nil)
    or before.facts ~= facts or not is_indexed(user, before)
  local found, cause = {}, 'rescore'
  local key = 'a:' .. user
  redis.call('HSET', key, 'v', version)
  if profile then
    redis.call('HSET', key, 'p', profile, 't', created, 'i', packed, 'f', facts, 'c', verified)
    if label then redis.call('HSET', key, 'l', label) else redis.call('HDEL', key, 'l') end
  else
    redis.call('HDEL', key, 'p', 't', 'l', 'i', 'f', 'c')
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
  elseif before.verified ~= verified then
    reach(user, created, contacts(identifiers), found)
  end
  touch_all(found, user, index, cause)
end

local function erased_by(user)
  return tonumber(redis.call('HGET', 'a:' .. user, 'e')) or -1
end

local function is_registered(user)
  return redis.call('HEXISTS', 'a:' .. user, 'p') == 1
end

local function set_or_drop(key, field, value)
  if value then redis.call('HSET', key, field, value) else redis.call('HDEL', key, field) end
end

-- The topic has to be told that an erasure has ended what it says.
local function owe_ending(source, said, user)
  redis.call('HSET', 'q:' .. source, said .. ':' .. user, input.token)
end

-- "about" is false where the topic has nothing more to say.
local function put_label(index, source, user, version, label, about)
  local account = read_account(user)
  if version < account.decided then return end
  local key = 'a:' .. user
  if about and about <= account.erased then
    owe_ending(source, 'label', user)
    label, about = false, false
  end
  redis.call('HSET', key, 'dv', version)
  set_or_drop(key, 'd', label)
  set_or_drop(key, 'da', about)
  local after = label or redis.call('HGET', key, 'l')
  if version == account.decided or (account.label or '') ~= (after or '') then
    local found = {}
    if account.profile then reach(user, account.created, account.identifiers, found) end
    touch_all(found, user, index, 'label')
  end
end

local function marks(link, user)
  local mark = user .. '\0' .. link[2] .. '\0'
  return mark .. link[1], mark .. user
end

local function ignored_by(user)
  local packed = redis.call('HGET', 'a:' .. user, 'g')
  return packed and cmsgpack.unpack(packed) or {}
end

-- Let an account's list stand, and no other list of it.
local function ignore(user, links)
  for _, link in ipairs(ignored_by(user)) do
    local mine, theirs = marks(link, user)
    redis.call('SREM', 'x:' .. user, mine)
    redis.call('SREM', 'x:' .. link[1], theirs)
  end
  for _, link in ipairs(links) do
    local mine, theirs = marks(link, user)
    redis.call('SADD', 'x:' .. user, mine)
    redis.call('SADD', 'x:' .. link[1], theirs)
  end
  set_or_drop('a:' .. user, 'g', #links > 0 and cmsgpack.pack(links))
end

local function put_links(index, source, user, version, ignored, about)
  local key = 'a:' .. user
  local known = tonumber(redis.call('HGET', key, 'gv')) or -1
  if version < known then return end
  local named, standing, ended = {[user] = true}, {}, false
  for _, link in ipairs(ignored_by(user)) do
    named[link[1]] = true
    -- A redelivery cannot tell these any more, so they are kept until they were passed on.
    if version ~= known then redis.call('HSET', 'o:' .. source, link[1], input.token) end
  end
  if about and about <= erased_by(user) then ignored, about, ended = {}, false, true end
  for _, link in ipairs(ignored) do
    if (link[6] or 0) > erased_by(link[1]) then
      standing[#standing + 1] = link
      named[link[1]] = true
    else
      ended = true
    end
  end
  if ended then owe_ending(source, 'links', user) end
  ignore(user, standing)
  redis.call('HSET', key, 'gv', version)
  set_or_drop(key, 'ga', about)
  for other in pairs(named) do
    if is_registered(other) then touch(other, index, 'label') end
  end
end

-- Whether an account shares another strong identifier with anybody, beside a strong one.
local function may_bridge(user, link)
  local packed = is_strong[link] and redis.call('HGET', 'a:' .. user, 'i')
  for _, other in ipairs(packed and cmsgpack.unpack(packed) or {}) do
    local key = 'k:' .. other[1] .. ':' .. other[2]
    if other[1] ~= link and is_strong[other[1]] and is_counted(other[1], other[2])
      and redis.call('ZCARD', key) > 1 then
      return true
    end
  end
  return false
end

-- Take what names an erased account out of a list; returns the accounts that it had named.
local function end_links(source, owner, erased, until_version)
  local links = ignored_by(owner)
  local about = tonumber(redis.call('HGET', 'a:' .. owner, 'ga')) or (#links > 0 and 0 or -1)
  local all_over = owner == erased and about <= until_version
  local kept, named = {}, {}
  for _, link in ipairs(links) do
    if all_over or (link[1] == erased and (link[6] or 0) <= until_version) then
      named[owner], named[link[1]] = true, true
    else
      kept[#kept + 1] = link
    end
  end
  if next(named) or (all_over and about >= 0) then owe_ending(source, 'links', owner) end
  ignore(owner, kept)
  if all_over then redis.call('HDEL', 'a:' .. owner, 'ga') end
  return named
end

-- An erasure ends what was decided about older rows, in other accounts' lists too. It matters to
-- nobody, unless the account has come back already.
local function end_decisions(index, source, user, version)
  local account = read_account(user)
  if version <= account.erased then return end
  local key, found = 'a:' .. user, {}
  redis.call('HSET', key, 'e', version)
  if account.about >= 0 and account.about <= version then
    owe_ending(source, 'label', user)
    redis.call('HDEL', key, 'd', 'da')
    if account.profile and account.word
      and account.word ~= redis.call('HGET', key, 'l') then
      reach(user, account.created, account.identifiers, found)
    end
  end
  local owners = {[user] = true}
  for _, member in ipairs(redis.call('SMEMBERS', 'x:' .. user)) do
    owners[string.match(member, '^[^%z]*')] = true
  end
  for owner in pairs(owners) do
    for other in pairs(end_links(source, owner, user, version)) do
      if is_registered(other) then found[other] = true end
    end
  end
  if account.profile then
    for other in pairs(found) do redis.call('HSET', 'o:' .. source, other, input.token) end
    touch_all(found, user, index, 'label')
  end
end

-- An account does not wait for a code of which it has no redemption left.
local function stop_waiting(user, code)
  if redis.call('SISMEMBER', 'w:' .. code, user) == 0 then return end
  for _, member in ipairs(redis.call('ZRANGE', 'z:' .. user, 0, -1)) do
    if string.sub(member, 22) == code then return end
  end
  redis.call('SREM', 'w:' .. code, user)
end

local function put_redemption(index, user, version, usage, code, used_at)
  local key, field = 'a:' .. user, 'r' .. usage
  local known = redis.call('HGET', key, field)
  local earlier = known and cmsgpack.unpack(known) or {-1, false}
  if version < earlier[1] then return end
  -- A redelivery cannot tell any more which code it took away: then all codes count.
  local redelivered = version == earlier[1]
  local codes = add_codes({}, user)
  if earlier[2] then
    redis.call('ZREM', 'z:' .. user, earlier[2])
    stop_waiting(user, string.sub(earlier[2], 22))
  end
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
    if is_code_link[identifier[1]] and is_counted(identifier[1], identifier[2]) then
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

-- The terms of the smallest writing of a code that is defined, false if none is.
local function terms_that_hold(key)
  local smallest, terms = false, false
  local fields = redis.call('HGETALL', key)
  for i = 1, #fields, 2 do
    local writing = string.match(fields[i], '^d:(.*)$')
    if writing and (not smallest or writing < smallest) then
      smallest, terms = writing, fields[i + 1]
    end
  end
  return terms
end

local function put_code(index, code, writing, version, terms)
  local key = 'c:' .. code
  if version < (tonumber(redis.call('HGET', key, 'v:' .. writing)) or -1) then return end
  redis.call('HSET', key, 'v:' .. writing, version)
  set_or_drop(key, 'd:' .. writing, terms)
  -- What an older version kept by the writing; no other code has its key there.
  redis.call('HDEL', key, 'v')
  if writing ~= code then redis.call('DEL', 'c:' .. writing) end
  set_or_drop(key, 'd', terms_that_hold(key))
  for _, user in ipairs(redis.call('SMEMBERS', 'w:' .. code)) do
    if is_registered(user) then touch(user, index, 'rescore') end
  end
end

local sweeps = {}

-- An authority's word on whether an identifier identifies anybody.
local function put_word(link, hashed, authority, version, identifies, said)
  local place = link .. ':' .. hashed
  local key = 'word:' .. place
  if version < (tonumber(redis.call('HGET', key, authority .. 'v')) or -1) then return end
  redis.call('HSET', key, authority .. 'v', version, authority .. 'w', said)
  set_or_drop(key, authority .. 'i', identifies)
  local words = redis.call('HMGET', key, 'analysti', 'measurementi')
  local before, after = is_counted(link, hashed), (words[1] or words[2]) ~= '0'
  local decision = authority .. string.format('%.0f', version)
  if before ~= after then
    redis.call(after and 'SREM' or 'SADD', 'uncounted', place)
    redis.call('HSET', key, 'g', decision)
    has_uncounted, is_uncounted[place] = true, not after
  end
  if redis.call('HGET', key, 'g') == decision then
    sweeps[#sweeps + 1] = {link, hashed, decision}
  end
end

local put = {
  account = put_account, redemption = put_redemption, code = put_code,
  label = put_label, links = put_links, ending = end_decisions, word = put_word,
}
for _, change in ipairs(input.changes) do put[change[1]](unpack(change, 2)) end

local function outbox(name)
  local entries = {}
  for _, source in ipairs(input.sources) do
    local kept = redis.call('HGETALL', name .. ':' .. source)
    for i = 1, #kept, 2 do entries[#entries + 1] = {source, kept[i], kept[i + 1]} end
  end
  return entries
end

-- What is known of the subjects, and once of each of their neighbours.
local accounts = {}
local function has_uncounted_device(packed)
  for _, identifier in ipairs(has_uncounted and packed and cmsgpack.unpack(packed) or {}) do
    if identifier[1] == 'device' then return not is_counted('device', identifier[2]) end
  end
  return false
end

local function know(user)
  if accounts[user] == nil then
    local fields = redis.call('HMGET', 'a:' .. user, 'd', 'l', 'f', 'c', 'i')
    local redemptions = redis.call('ZRANGE', 'z:' .. user, 0, CAP - 1, 'WITHSCORES')
    accounts[user] = {
      fields[1] or fields[2], redemptions, fields[3], fields[4], has_uncounted_device(fields[5])
    }
  end
end

local function linked(user, created, identifiers)
  local links = {}
  for _, identifier in ipairs(identifiers) do
    if is_counted(identifier[1], identifier[2]) then
      local around = window('k:' .. identifier[1] .. ':' .. identifier[2], user, created)
      for i = 1, #around, 2 do know(around[i]) end
      links[#links + 1] = {identifier[1], around}
    end
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

return cmsgpack.pack({affected, outbox('o'), outbox('q'), subjects, accounts, sweeps})
