-- Says whose endpoint uses an address that was handed out by MAC. ARGV: segment, place, host, MAC, container, endpoint,
-- endpoint id, name. Returns 1; 0 when the lease is not that MAC's.
local base = prefix .. 'ledger:' .. ARGV[1] .. ':'
local lease = lease_at(base, ARGV[2])
if not lease then
  return 0
end
if lease.host ~= ARGV[3] or lease.mac ~= ARGV[4] or lease.state == 'QUARANTINE' then
  return 0
end
local news = lease.state ~= 'ACTIVE' or lease.owner.container ~= ARGV[5]
lease.owner = { container = ARGV[5], endpoint = ARGV[6] }
lease.state, lease.endpoint_id, lease.name = 'ACTIVE', ARGV[7], ARGV[8]
put_lease(base, ARGV[2], lease)
remember(base, 'name', family_of(ARGV[2]), ARGV[8], ARGV[2])
if news then
  note(base, ARGV[2], lease)
end
return 1
