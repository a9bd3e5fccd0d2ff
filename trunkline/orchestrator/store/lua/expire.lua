-- Lets go of holders whose deadline is over. Returns their number.
local at = now()
local over = redis.call('ZRANGEBYSCORE', prefix .. 'deadlines', '-inf', stamp(at))
for _, member in ipairs(over) do
  local host, holder = string.match(member, '^([^|]*)|(.*)$')
  hold(host, holder, {}, {}, at)
  redis.call('ZREM', prefix .. 'deadlines', member)
end
return #over
