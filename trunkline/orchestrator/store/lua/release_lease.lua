-- ARGV: segment, place, container, endpoint, host, MAC, seconds to rest or ''. Lets a lease rest that was seen to be theirs.
-- Returns 1; 0 when it is somebody else's by now.
local base = prefix .. 'ledger:' .. ARGV[1] .. ':'
local lease = lease_at(base, ARGV[2])
if not lease or lease.state == 'QUARANTINE' or lease.state == 'RESERVED' then
  return 0
end
if lease.owner.container ~= ARGV[3] or lease.owner.endpoint ~= ARGV[4] then
  return 0
end
if lease.host ~= ARGV[5] or lease.mac ~= ARGV[6] then
  return 0
end
rest_now(base, ARGV[2], lease, now(), rest_seconds(ARGV[7]))
return 1
