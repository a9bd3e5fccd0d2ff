-- ARGV: device, token, error, kind, retry_at, observed or '', '1' when the whole device is to be left alone
-- until then, marks or ''. Returns 1 when recorded, 0 when the lease is lost.
local device = ARGV[1]
if not holds_lease(device, ARGV[2]) then
  return 0
end
local key = device_key(device)
redis.call('HSET', key, 'error', ARGV[3], 'error_kind', ARGV[4])
redis.call('HINCRBY', key, 'fails', 1)
redis.call('HSET', key, 'blocked_until', ARGV[7] == '1' and ARGV[5] or '')
if ARGV[6] ~= '' then
  redis.call('HSET', key, 'observed', ARGV[6], 'synced_at', stamp(now()))
end
local marked = ARGV[8] ~= '' and (redis.call('HGET', key, 'marks') or '0') ~= ARGV[8]
redis.call('ZADD', prefix .. 'dirty', marked and ARGV[7] ~= '1' and stamp(now()) or ARGV[5], device)
return 1
