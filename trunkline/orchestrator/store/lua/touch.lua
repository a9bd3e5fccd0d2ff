-- ARGV: '1' when something new is wanted, when to look ('' = now), devices... A wish counts at once, whenever it is
-- looked at; what an earlier failure was waiting for may be settled by it, so the device is not left alone any more.
local at = now()
for index = 3, #ARGV do
  local device = ARGV[index]
  if ARGV[1] == '1' then
    redis.call('HINCRBY', device_key(device), 'generation', 1)
    redis.call('HSET', device_key(device), 'blocked_until', '')
  end
  if ARGV[2] ~= '' and tonumber(ARGV[2]) > at then
    alarm(device, ARGV[2])
  else
    mark(device, stamp(at))
  end
end
return #ARGV - 2
