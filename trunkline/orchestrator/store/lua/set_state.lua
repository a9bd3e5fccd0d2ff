-- ARGV: host, segment, state, cause. Only an attachment on record has a state, and since moves only with it.
local key = attachment_key(ARGV[1], ARGV[2])
if redis.call('EXISTS', key) == 0 then
  return 0
end
if redis.call('HGET', key, 'state') ~= ARGV[3] then
  redis.call('HSET', key, 'state', ARGV[3], 'since', stamp(now()))
end
redis.call('HSET', key, 'cause', ARGV[4])
return 1
