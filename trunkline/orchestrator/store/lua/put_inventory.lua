-- ARGV: the entry, the number of the version it was compared with or '' for any. Returns the new version's number, or
-- minus the newest one's when somebody else stored that meanwhile. A repeated call finds its own entry.
local versions = prefix .. 'inventory'
local newest = redis.call('LLEN', versions)
if ARGV[2] ~= '' and newest ~= tonumber(ARGV[2]) then
  if newest == tonumber(ARGV[2]) + 1 and redis.call('LINDEX', versions, -1) == ARGV[1] then
    return newest
  end
  return -newest
end
return redis.call('RPUSH', versions, ARGV[1])
