-- ARGV: device, most. Returns what it is to forget and the moment that was wished for, in turn; the oldest first.
return redis.call('ZRANGE', prefix .. 'stale:' .. ARGV[1], 0, tonumber(ARGV[2]) - 1, 'WITHSCORES')
