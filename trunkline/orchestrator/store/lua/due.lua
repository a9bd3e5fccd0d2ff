-- ARGV: most, seconds a claim lasts. Rings alarms, then claims devices whose time has come: they come up again
-- after the claim, unless a sync settles them before.
local at = now()
for _, member in ipairs(redis.call('ZRANGEBYSCORE', prefix .. 'alarms', '-inf', stamp(at))) do
  mark(string.match(member, '^(.*)@[^@]*$'), stamp(at))
  redis.call('ZREM', prefix .. 'alarms', member)
end
local due = redis.call('ZRANGEBYSCORE', prefix .. 'dirty', '-inf', stamp(at), 'LIMIT', 0, ARGV[1])
for _, device in ipairs(due) do
  redis.call('ZADD', prefix .. 'dirty', stamp(at + tonumber(ARGV[2])), device)
end
return due
