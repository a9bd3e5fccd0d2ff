-- ARGV: device, then what was forgotten there and the moment it was wished for, in turn. One that was wished for again
-- since stays.
local key = prefix .. 'stale:' .. ARGV[1]
for index = 2, #ARGV, 2 do
  if redis.call('ZSCORE', key, ARGV[index]) == ARGV[index + 1] then
    redis.call('ZREM', key, ARGV[index])
  end
end
return redis.call('ZCARD', key)
