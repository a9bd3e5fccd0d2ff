-- ARGV: segment, seconds to rest, owner fields... Only what the owner holds is released. Returns the places.
local base = prefix .. 'ledger:' .. ARGV[1] .. ':'
local at, places = now(), {}
for index = 3, #ARGV do
  local place = redis.call('HGET', base .. 'owners', ARGV[index])
  if place then
    local lease = cjson.decode(redis.call('HGET', base .. 'leases', place))
    lease.state, lease.since = 'QUARANTINE', at
    -- First what needs no memory: a full Redis lets a script that has begun to write finish.
    redis.call('HDEL', base .. 'owners', ARGV[index])
    redis.call('HSET', base .. 'leases', place, cjson.encode(lease))
    redis.call('ZADD', base .. 'rest', stamp(at + tonumber(ARGV[2])), place)
    table.insert(places, place)
  end
end
return places
