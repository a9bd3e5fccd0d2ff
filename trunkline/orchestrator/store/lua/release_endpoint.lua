-- An endpoint is gone: its address rests, unless it is kept for its container. ARGV: segment, family, place, host, MAC,
-- seconds to rest. Only the endpoint's own. Returns 1 when it rests, 2 when it is kept, 0 when it is not that MAC's.
local base = prefix .. 'ledger:' .. ARGV[1] .. ':'
local text = redis.call('HGET', base .. 'leases', ARGV[3])
if not text then
  return 0
end
local lease = cjson.decode(text)
if lease.host ~= ARGV[4] or lease.mac ~= ARGV[5] or lease.state == 'QUARANTINE' then
  return 0
end
if lease.kept then
  redis.call('HDEL', base .. 'owners', mac_field(ARGV[2], lease.host, lease.mac))
  lease.state, lease.mac, lease.endpoint_id = 'PENDING', '', ''
  redis.call('HSET', base .. 'leases', ARGV[3], cjson.encode(lease))
  return 2
end
rest_now(base, ARGV[2], ARGV[3], lease, now(), tonumber(ARGV[6]))
return 1
