-- ARGV: hosts... Returns for each the MACs that left it.
local found = {}
for index = 1, #ARGV do
  local key = gone_key(ARGV[index])
  found[index] = redis.call('ZRANGEBYSCORE', key, stamp(now() - remembered_seconds), '+inf')
end
return found
