-- ARGV: host, segment, state, cause; and so on for more. Only an attachment on record has a state, and since moves only
-- with it. What nobody holds any more is on its way out, whatever a sync that began before still has to say of it.
local function set(host, segment, state, cause)
  local key = attachment_key(host, segment)
  if redis.call('EXISTS', key) == 0 then
    return 0
  end
  local leaving = state == 'draining' or state == 'failed' or state == 'absent'
  if not leaving and redis.call('SCARD', holders_key(host, segment)) == 0 then
    return 0
  end
  if redis.call('HGET', key, 'state') ~= state then
    redis.call('HSET', key, 'state', state, 'since', stamp(now()))
  end
  redis.call('HSET', key, 'cause', cause)
  return 1
end

local count = 0
for index = 1, #ARGV, 4 do
  count = count + set(ARGV[index], ARGV[index + 1], ARGV[index + 2], ARGV[index + 3])
end
return count
