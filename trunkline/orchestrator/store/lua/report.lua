-- ARGV: host, report JSON. Keeps the newer one: who was frozen must not bring back what he saw before. A report of
-- the future is of a clock that was set back since, and counts for nothing.
local text = redis.call('HGET', prefix .. 'reports', ARGV[1])
if text then
  local before = cjson.decode(text).reported_at
  if before > cjson.decode(ARGV[2]).reported_at and before <= now() then
    return 0
  end
end
redis.call('HSET', prefix .. 'reports', ARGV[1], ARGV[2])
return 1
