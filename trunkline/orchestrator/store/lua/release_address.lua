-- ARGV: segment, seconds to rest or '', owner fields... Only what the owner holds is released. Returns the places.
local base = prefix .. 'ledger:' .. ARGV[1] .. ':'
local at, places = now(), {}
for index = 3, #ARGV do
  local place, lease = owned(base, ARGV[index])
  if place then
    rest_now(base, place, lease, at, rest_seconds(ARGV[2]))
    table.insert(places, place)
  end
end
return places
