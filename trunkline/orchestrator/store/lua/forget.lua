-- ARGV: host, segment, '1' to drop it only when its grace is over. Drops an attachment that nobody holds. Returns 1
-- when it did.
if redis.call('SCARD', holders_key(ARGV[1], ARGV[2])) > 0 then
  return 0
end
if ARGV[3] == '1' then
  local drain_at = tonumber(redis.call('HGET', attachment_key(ARGV[1], ARGV[2]), 'drain_at'))
  if not drain_at or drain_at > now() then
    return 0
  end
end
redis.call('SREM', prefix .. 'attachments', ARGV[1] .. '|' .. ARGV[2])
return redis.call('DEL', attachment_key(ARGV[1], ARGV[2]))
