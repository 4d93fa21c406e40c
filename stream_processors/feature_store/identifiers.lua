-- Which identifiers link accounts. Comes before the scripts that follow links.
--
-- Keys
--   word:<link>:<hash>  hash: of each authority ("measurement", "analyst") <authority>v the moment
--                       of its newest decision, <authority>i what it said ("0", "1", none for
--                       nothing), <authority>w the same for people, JSON; g the decision that
--                       changed last whether the identifier counts
--   uncounted           set of "<link>:<hash>": identifiers that identify nobody, as it stands

local has_uncounted = redis.call('EXISTS', 'uncounted') == 1
local is_uncounted = {}

local function is_counted(link, hashed)
  if not has_uncounted then return true end
  local place = link .. ':' .. hashed
  if is_uncounted[place] == nil then
    is_uncounted[place] = redis.call('SISMEMBER', 'uncounted', place) == 1
  end
  return not is_uncounted[place]
end
