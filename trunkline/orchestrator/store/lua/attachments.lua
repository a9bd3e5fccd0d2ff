-- ARGV: host, or '' for all. Returns {host, segment, {state, cause, since, drain_at}, {holder...}} of each, as of one moment.
local found = {}
for _, member in ipairs(redis.call('SMEMBERS', prefix .. 'attachments')) do
  local host, segment = string.match(member, '^([^|]*)|(.*)$')
  if ARGV[1] == '' or host == ARGV[1] then
    local fields = redis.call('HMGET', attachment_key(host, segment), 'state', 'cause', 'since', 'drain_at')
    for index = 1, 4 do
      fields[index] = fields[index] or ''
    end
    table.insert(found, { host, segment, fields, redis.call('SMEMBERS', holders_key(host, segment)) })
  end
end
return found
