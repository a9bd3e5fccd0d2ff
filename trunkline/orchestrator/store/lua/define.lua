-- Puts a segment's pools on record. ARGV: segment, digest, JSON {pools: [{id, bits}], moves: {place: place or ''}},
-- then the reserved bitmap of every pool that has bits. What is leased stays leased: `moves` says where an address
-- of a pool that is gone lies now, or '' when it lies in none. Returns 1, or 0 when a lease came that it misses.
local base = prefix .. 'ledger:' .. ARGV[1] .. ':'
local leases, owners, rest = base .. 'leases', base .. 'owners', base .. 'rest'
local plan = cjson.decode(ARGV[3])
local defined = {}
for _, pool in ipairs(plan.pools) do
  defined[pool.id] = pool.bits
end

local function split(place)
  return string.match(place, '^(.*)|(%d+)$')
end

local function move(from, to)
  local text = redis.call('HGET', leases, from)
  local lease = cjson.decode(text)
  local family = string.find(from, ':', 1, true) and '6' or '4'
  local rests_until = redis.call('ZSCORE', rest, from)
  redis.call('HSET', leases, to, text)
  redis.call('HDEL', leases, from)
  for _, field in ipairs({ owner_field(family, lease.owner), mac_field(family, lease.host, lease.mac) }) do
    if redis.call('HGET', owners, field) == from then
      redis.call('HSET', owners, field, to)
    end
  end
  if rests_until then
    redis.call('ZREM', rest, from)
    redis.call('ZADD', rest, rests_until, to)
  end
  for _, kind in ipairs({ 'name', 'mac' }) do
    local sticky = base .. 'sticky-' .. kind
    if redis.call('HGET', sticky, family .. '|' .. lease[kind]) == from then
      redis.call('HSET', sticky, family .. '|' .. lease[kind], to)
    end
  end
end

local places = redis.call('HKEYS', leases)
for _, place in ipairs(places) do
  if not defined[split(place)] and not plan.moves[place] then
    return 0
  end
end
for _, pool in ipairs(redis.call('SMEMBERS', base .. 'pools')) do
  for _, kind in ipairs({ 'reserved:', 'taken:', 'occupied:' }) do
    redis.call('DEL', base .. kind .. pool)
  end
  if not defined[pool] then
    redis.call('DEL', base .. 'cursor:' .. pool)
  end
end
redis.call('DEL', base .. 'pools')
for _, place in ipairs(places) do
  local target = plan.moves[place] or ''
  if not defined[split(place)] and target ~= '' and redis.call('HEXISTS', leases, target) == 0 then
    move(place, target)
  end
end
for _, place in ipairs(redis.call('HKEYS', leases)) do
  local pool, offset = split(place)
  if (defined[pool] or 0) > 0 then
    redis.call('SETBIT', base .. 'taken:' .. pool, offset, 1)
  end
end
local index = 4
for _, pool in ipairs(plan.pools) do
  redis.call('SADD', base .. 'pools', pool.id)
  if pool.bits > 0 then
    redis.call('SET', base .. 'reserved:' .. pool.id, ARGV[index])
    redis.call('BITOP', 'OR', base .. 'occupied:' .. pool.id, base .. 'reserved:' .. pool.id, base .. 'taken:' .. pool.id)
    index = index + 1
  end
end
redis.call('SET', base .. 'definition', ARGV[2])
return 1
