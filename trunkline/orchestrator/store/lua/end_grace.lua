-- ARGV: host. Ends the grace of every attachment of the host that nobody holds. Returns their number.
local at = now()
local ended = 0
for _, member in ipairs(redis.call('SMEMBERS', prefix .. 'attachments')) do
  local host, segment = string.match(member, '^([^|]*)|(.*)$')
  if host == ARGV[1] and redis.call('SCARD', holders_key(host, segment)) == 0 then
    local key = attachment_key(host, segment)
    redis.call('HSET', key, 'drain_at', stamp(at), 'state', 'draining')
    for _, device in ipairs(cjson.decode(redis.call('HGET', key, 'devices') or '[]')) do
      mark(device, stamp(at))
    end
    ended = ended + 1
  end
end
return ended
