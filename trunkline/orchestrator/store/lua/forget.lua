-- ARGV: host, segment. Drops an attachment that nobody holds. Returns 1 when it did.
if redis.call('SCARD', holders_key(ARGV[1], ARGV[2])) > 0 then
  return 0
end
redis.call('SREM', prefix .. 'attachments', ARGV[1] .. '|' .. ARGV[2])
return redis.call('DEL', attachment_key(ARGV[1], ARGV[2]))
