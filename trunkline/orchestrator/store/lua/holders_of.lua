-- ARGV: host. Returns {holder, {segment...}} of each, as of one moment.
local found = {}
for _, holder in ipairs(redis.call('SMEMBERS', prefix .. 'holders-on:' .. ARGV[1])) do
  table.insert(found, { holder, redis.call('SMEMBERS', prefix .. 'held:' .. ARGV[1] .. '|' .. holder) })
end
return found
