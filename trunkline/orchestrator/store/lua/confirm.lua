-- ARGV: segment, endpoint id, MAC, owner fields... Returns how many leases were confirmed.
local base = prefix .. 'ledger:' .. ARGV[1] .. ':'
local confirmed = 0
for index = 4, #ARGV do
  local place, lease = owned(base, ARGV[index])
  if place then
    local news = lease.state ~= 'ACTIVE' or lease.mac ~= ARGV[3]
    if lease.mac ~= ARGV[3] then
      left(lease.host, lease.mac, now())
      came(lease.host, ARGV[3])
    end
    lease.state, lease.endpoint_id, lease.mac = 'ACTIVE', ARGV[2], ARGV[3]
    put_lease(base, place, lease)
    if news then
      note(base, place, lease)
    end
    confirmed = confirmed + 1
  end
end
return confirmed
