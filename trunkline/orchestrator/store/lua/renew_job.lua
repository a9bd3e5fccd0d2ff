-- ARGV: job, worker, milliseconds. Returns 1 when the worker still drives the job.
local key = prefix .. 'job:' .. ARGV[1] .. ':driver'
if redis.call('GET', key) ~= ARGV[2] then
  return 0
end
return redis.call('PEXPIRE', key, ARGV[3])
