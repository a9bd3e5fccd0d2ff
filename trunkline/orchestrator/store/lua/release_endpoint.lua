-- An endpoint is gone: its address rests, unless it is kept for its container. ARGV: segment, place, host, MAC,
-- seconds to rest or ''. Only the endpoint's own. Returns 1 when it rests, 2 when it is kept, 0 when it is not that MAC's.
local base = prefix .. 'ledger:' .. ARGV[1] .. ':'
local lease = lease_at(base, ARGV[2])
if not lease then
  return 0
end
if lease.host ~= ARGV[3] or lease.mac ~= ARGV[4] or lease.state == 'QUARANTINE' or lease.state == 'RESERVED' then
  return 0
end
if lease.kept then
  local mine = mac_field(family_of(ARGV[2]), ARGV[3], ARGV[4])
  if lease.state == 'PENDING' and owned(base, mine) ~= ARGV[2] then
    return 2 -- let go of before: whoever looks for endpoints that are gone finds it again and again
  end
  drop_mac(base, ARGV[2], lease)
  lease.state, lease.endpoint_id = 'PENDING', ''
  put_lease(base, ARGV[2], lease)
  left(lease.host, lease.mac, now())
  return 2
end
rest_now(base, ARGV[2], lease, now(), rest_seconds(ARGV[5]))
return 1
