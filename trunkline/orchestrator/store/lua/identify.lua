-- Says whose endpoint uses an address that was handed out by MAC. ARGV: segment, family, place, host, MAC, container,
-- endpoint, endpoint id, name. Returns 1; 0 when the lease is not that MAC's, or the container has another one.
local base = prefix .. 'ledger:' .. ARGV[1] .. ':'
local text = redis.call('HGET', base .. 'leases', ARGV[3])
if not text then
  return 0
end
local lease = cjson.decode(text)
if lease.host ~= ARGV[4] or lease.mac ~= ARGV[5] or lease.state == 'QUARANTINE' then
  return 0
end
local owner = { container = ARGV[6], endpoint = ARGV[7] }
local field = owner_field(ARGV[2], owner)
local held = redis.call('HGET', base .. 'owners', field)
if held and held ~= ARGV[3] then
  return 0
end
if lease.owner.container ~= '' then
  redis.call('HDEL', base .. 'owners', owner_field(ARGV[2], lease.owner))
end
redis.call('HSET', base .. 'owners', field, ARGV[3])
lease.state, lease.owner, lease.endpoint_id, lease.name = 'ACTIVE', owner, ARGV[8], ARGV[9]
redis.call('HSET', base .. 'leases', ARGV[3], cjson.encode(lease))
remember(base, 'name', ARGV[2], ARGV[9], ARGV[3], now())
return 1
