-- ARGV: segment, endpoint id, MAC, owner fields... Returns how many leases were confirmed.
local base = prefix .. 'ledger:' .. ARGV[1] .. ':'
local confirmed = 0
for index = 4, #ARGV do
  local place = redis.call('HGET', base .. 'owners', ARGV[index])
  if place then
    local lease = cjson.decode(redis.call('HGET', base .. 'leases', place))
    lease.state, lease.endpoint_id, lease.mac = 'ACTIVE', ARGV[2], ARGV[3]
    redis.call('HSET', base .. 'leases', place, cjson.encode(lease))
    confirmed = confirmed + 1
  end
end
return confirmed
