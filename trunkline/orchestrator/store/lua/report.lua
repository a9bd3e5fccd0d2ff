-- ARGV: host, report JSON. Keeps the newer one: who was frozen must not bring back what he saw before.
local before = redis.call('HGET', prefix .. 'reports', ARGV[1])
if before and cjson.decode(before).reported_at > cjson.decode(ARGV[2]).reported_at then
  return 0
end
redis.call('HSET', prefix .. 'reports', ARGV[1], ARGV[2])
return 1
