-- ARGV: device, token, generation, marks, observed. Returns 1 when recorded, 0 when the lease is lost.
local device = ARGV[1]
if not holds_lease(device, ARGV[2]) then
  return 0
end
local key = device_key(device)
redis.call('HSET', key, 'applied', ARGV[3], 'observed', ARGV[5], 'synced_at', stamp(now()),
  'error', '', 'error_kind', '', 'fails', 0, 'blocked_until', '')
local current = redis.call('HMGET', key, 'generation', 'marks')
if (current[1] or '0') == ARGV[3] and (current[2] or '0') == ARGV[4] then
  redis.call('ZREM', prefix .. 'dirty', device)
end
return 1
