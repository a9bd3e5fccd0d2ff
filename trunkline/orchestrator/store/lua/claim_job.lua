-- ARGV: job, worker, milliseconds. Returns 1 when the worker drives the job now; 0 when it is over, not on record,
-- or somebody else drives it.
local key = prefix .. 'job:' .. ARGV[1]
local state = redis.call('HGET', key, 'state')
if state ~= 'queued' and state ~= 'running' then
  return 0
end
if not redis.call('SET', key .. ':driver', ARGV[2], 'NX', 'PX', ARGV[3]) then
  return 0
end
redis.call('HSET', key, 'state', 'running')
return 1
