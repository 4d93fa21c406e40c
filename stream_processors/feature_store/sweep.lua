-- The next accounts that it concerns whether an identifier counts. Comes after identifiers.lua.
--
-- ARGV[1]  msgpack {sweeps, page, window, strong}; a sweep is {link, hash, decision, after}, after
--          {sign-up, user} of the last account that was passed on, or false
-- Returns  msgpack {users, last} of each: whom to score again, and {sign-up, user} to go on after;
--          false where nobody is left, or where a later decision has begun a sweep of its own
--
-- Those who have the identifier and, as a neighbour's device is a fact about it, those who are
-- strongly linked with these through something else.

local input = cmsgpack.unpack(ARGV[1])
local is_strong = {}
for _, link in ipairs(input.strong) do is_strong[link] = true end

-- The rank of the first member after one that may be gone; ordered by (sign-up, user).
local function rank_after(key, created, user)
  local low, high = 0, redis.call('ZCARD', key)
  while low < high do
    local middle = math.floor((low + high) / 2)
    local found = redis.call('ZRANGE', key, middle, middle, 'WITHSCORES')
    local at = tonumber(found[2])
    if at < created or (at == created and found[1] <= user) then
      low = middle + 1
    else
      high = middle
    end
  end
  return low
end

local function add_others(found, user, link)
  local packed = redis.call('HGET', 'a:' .. user, 'i')
  for _, other in ipairs(packed and cmsgpack.unpack(packed) or {}) do
    if other[1] ~= link and is_strong[other[1]] and is_counted(other[1], other[2]) then
      local key = 'k:' .. other[1] .. ':' .. other[2]
      local at = redis.call('ZRANK', key, user)
      local first = math.max(0, at - input.window)
      for _, neighbour in ipairs(redis.call('ZRANGE', key, first, at + input.window)) do
        found[neighbour] = true
      end
    end
  end
end

local function page(sweep)
  local link, hashed, after = sweep[1], sweep[2], sweep[4]
  local place = link .. ':' .. hashed
  if redis.call('HGET', 'word:' .. place, 'g') ~= sweep[3] then return {{}, false} end
  local key = 'k:' .. place
  local first = after and rank_after(key, after[1], after[2]) or 0
  local members = redis.call('ZRANGE', key, first, first + input.page - 1, 'WITHSCORES')
  local found, users = {}, {}
  for i = 1, #members, 2 do
    found[members[i]] = true
    if link == 'device' then add_others(found, members[i], link) end
  end
  for user in pairs(found) do users[#users + 1] = user end
  local is_last = #members < 2 * input.page
  return {users, not is_last and {members[#members], members[#members - 1]}}
end

local pages = {}
for _, sweep in ipairs(input.sweeps) do pages[#pages + 1] = page(sweep) end
return cmsgpack.pack(pages)
