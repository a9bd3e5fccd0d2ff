-- ARGV: job, state, result JSON. A job ends once: who was frozen must not bring it back or end it otherwise.
local key = prefix .. 'job:' .. ARGV[1]
local state = redis.call('HGET', key, 'state')
if state ~= 'queued' and state ~= 'running' then
  return 0
end
redis.call('HSET', key, 'state', ARGV[2], 'result', ARGV[3])
redis.call('DEL', key .. ':driver')
return 1
