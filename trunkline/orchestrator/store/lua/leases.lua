-- ARGV: segment, host or '' for every one, buckets... Returns {place, lease JSON}, ...
local base = prefix .. 'ledger:' .. ARGV[1] .. ':'
local found = {}
for index = 3, #ARGV do
  for _, place in ipairs(places_in(base, ARGV[index])) do
    local lease = lease_at(base, place)
    if ARGV[2] == '' or lease.host == ARGV[2] then
      table.insert(found, { place, cjson.encode(lease) })
    end
  end
end
return found
