-- What Redis holds of some accounts' and codes' rows; changes nothing.
--
-- ARGV[1]  msgpack {accounts, codes}
-- Returns  msgpack {accounts, codes}: of each account {version, profile or false, label or false,
--          whether it stands in the set of each of its identifiers, redemptions as
--          {usage, code, time of use, version}}; of each canonical code its writings that are
--          defined, {writing, version, terms}
--
-- The keys are told in exchange.lua.

local input = cmsgpack.unpack(ARGV[1])

local function is_indexed(user, packed, created)
  for _, identifier in ipairs(packed and cmsgpack.unpack(packed) or {}) do
    local at = redis.call('ZSCORE', 'k:' .. identifier[1] .. ':' .. identifier[2], user)
    if not at or tonumber(at) ~= tonumber(created) then return false end
  end
  return true
end

local function redemptions_of(user)
  local counted, found = redis.call('ZRANGE', 'z:' .. user, 0, -1, 'WITHSCORES'), {}
  for i = 1, #counted, 2 do
    local usage, code = string.sub(counted[i], 1, 20), string.sub(counted[i], 22)
    local kept = redis.call('HGET', 'a:' .. user, 'r' .. usage)
    local version = kept and cmsgpack.unpack(kept)[1] or 0
    found[#found + 1] = {usage, code, counted[i + 1], version}
  end
  return found
end

local accounts, codes = {}, {}
for _, user in ipairs(input.accounts) do
  local fields = redis.call('HMGET', 'a:' .. user, 'v', 'p', 'l', 'i', 't')
  accounts[#accounts + 1] = {
    tonumber(fields[1]) or 0, fields[2], fields[3],
    is_indexed(user, fields[4], fields[5]), redemptions_of(user),
  }
end
for _, code in ipairs(input.codes) do
  local kept, writings = redis.call('HGETALL', 'c:' .. code), {}
  for i = 1, #kept, 2 do
    if string.sub(kept[i], 1, 2) == 'd:' then
      local writing = string.sub(kept[i], 3)
      local version = tonumber(redis.call('HGET', 'c:' .. code, 'v:' .. writing)) or 0
      writings[#writings + 1] = {writing, version, kept[i + 1]}
    end
  end
  codes[#codes + 1] = writings
end
return cmsgpack.pack({accounts, codes})
