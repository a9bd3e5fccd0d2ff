-- Puts a segment's pools on record. ARGV: segment, digest, JSON {pools: [{id, bits}], moves: {place: place or ''}},
-- then the reserved bitmap of every pool that has bits. What is leased stays leased: `moves` says where an address
-- of a pool that is gone lies now, or '' when it lies in none. Returns 1, or 0 when a lease came that it misses.
local base = prefix .. 'ledger:' .. ARGV[1] .. ':'
local rest = base .. 'rest'
local plan = cjson.decode(ARGV[3])
local defined = {}
for _, pool in ipairs(plan.pools) do
  defined[pool.id] = pool.bits
end

local function every_place()
  local places = {}
  for _, bucket in ipairs(redis.call('SMEMBERS', base .. 'buckets')) do
    for _, place in ipairs(places_in(base, bucket)) do
      table.insert(places, place)
    end
  end
  return places
end

local function move(from, to)
  local lease, family = lease_at(base, from), family_of(from)
  local rests_until = redis.call('ZSCORE', rest, from)
  local fields = { owner_field(family, lease.owner), mac_field(family, lease.host, lease.mac) }
  local mine = { owned(base, fields[1]) == from, owned(base, fields[2]) == from }
  local liked = {
    name = remembered(base, 'name', family, lease.name) == from, mac = remembered(base, 'mac', family, lease.mac) == from,
  }
  put_lease(base, to, lease)
  drop_lease(base, from)
  for index, field in ipairs(fields) do
    if mine[index] then
      set_owner(base, field, to)
    end
  end
  if rests_until then
    redis.call('ZREM', rest, from)
    redis.call('ZADD', rest, rests_until, to)
  end
  for _, reserver in ipairs(redis.call('SMEMBERS', base .. 'reservers:' .. from)) do
    redis.call('SADD', base .. 'reservers:' .. to, reserver)
  end
  redis.call('DEL', base .. 'reservers:' .. from)
  for _, kind in ipairs({ 'name', 'mac' }) do
    if liked[kind] then
      remember(base, kind, family, lease[kind], to)
    end
  end
end

local places = every_place()
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
  if not defined[split(place)] and target ~= '' and not is_leased(base, target) then
    move(place, target)
  end
end
for _, place in ipairs(every_place()) do
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
