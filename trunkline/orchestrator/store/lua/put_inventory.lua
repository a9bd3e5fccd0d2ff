-- ARGV: the entry, the number of the version it was compared with or '' for any, every host whose word a new record waits
-- for; without hosts it waits for nobody. Returns the new version's number, or minus the newest one's when somebody else
-- stored that meanwhile. A repeated call finds its own entry.
local versions = prefix .. 'inventory'
local newest = redis.call('LLEN', versions)
if ARGV[2] ~= '' and newest ~= tonumber(ARGV[2]) then
  if newest == tonumber(ARGV[2]) + 1 and redis.call('LINDEX', versions, -1) == ARGV[1] then
    return newest
  end
  return -newest
end
-- With no version before it the record is new, or was lost: only the hosts know by then what is in use.
if newest == 0 and ARGV[3] then
  redis.call('SET', prefix .. 'closed', stamp(now()))
  redis.call('DEL', prefix .. 'told')
end
if ARGV[3] and redis.call('EXISTS', prefix .. 'closed') == 1 then
  redis.call('DEL', prefix .. 'awaited')
  redis.call('SADD', prefix .. 'awaited', unpack(ARGV, 3))
end
return redis.call('RPUSH', versions, ARGV[1])
