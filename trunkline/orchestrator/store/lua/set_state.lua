-- ARGV: host, segment, state, cause. Only an attachment on record has a state, and since moves only with it. What
-- nobody holds any more is on its way out, whatever a sync that began before still has to say of it.
local key = attachment_key(ARGV[1], ARGV[2])
if redis.call('EXISTS', key) == 0 then
  return 0
end
local leaving = ARGV[3] == 'draining' or ARGV[3] == 'failed' or ARGV[3] == 'absent'
if not leaving and redis.call('SCARD', holders_key(ARGV[1], ARGV[2])) == 0 then
  return 0
end
if redis.call('HGET', key, 'state') ~= ARGV[3] then
  redis.call('HSET', key, 'state', ARGV[3], 'since', stamp(now()))
end
redis.call('HSET', key, 'cause', ARGV[4])
return 1
