-- ARGV: segment, seconds to rest, owner fields... Only what the owner holds is released. Returns the places.
local base = prefix .. 'ledger:' .. ARGV[1] .. ':'
local at, places = now(), {}
for index = 3, #ARGV do
  local place = redis.call('HGET', base .. 'owners', ARGV[index])
  if place then
    local lease = cjson.decode(redis.call('HGET', base .. 'leases', place))
    rest_now(base, string.sub(ARGV[index], 1, 1), place, lease, at, tonumber(ARGV[2]))
    table.insert(places, place)
  end
end
return places
