-- ARGV: segment, place, who no longer says so, seconds to rest or ''. Returns 1 when it is reserved no more, 2 when others still
-- say so, 0 when that one never did.
local base = prefix .. 'ledger:' .. ARGV[1] .. ':'
local key = base .. 'reservers:' .. ARGV[2]
if redis.call('SREM', key, ARGV[3]) == 0 then
  return 0
end
if redis.call('EXISTS', key) == 1 then
  return 2
end
local lease = lease_at(base, ARGV[2])
if lease and lease.state == 'RESERVED' then
  rest_now(base, ARGV[2], lease, now(), rest_seconds(ARGV[4]))
end
return 1
