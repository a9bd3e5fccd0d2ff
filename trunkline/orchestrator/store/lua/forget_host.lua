-- ARGV: host. Drops what it reported, its marks and its alarms: it does not come back.
local device = 'host:' .. ARGV[1]
redis.call('HDEL', prefix .. 'reports', ARGV[1])
redis.call('DEL', gone_key(ARGV[1]))
redis.call('SREM', prefix .. 'silent', ARGV[1])
redis.call('ZREM', prefix .. 'dirty', device)
for _, alarm in ipairs(redis.call('ZRANGE', prefix .. 'alarms', 0, -1)) do
  if string.sub(alarm, 1, #device + 1) == device .. '@' then
    redis.call('ZREM', prefix .. 'alarms', alarm)
  end
end
return redis.call('DEL', device_key(device))
