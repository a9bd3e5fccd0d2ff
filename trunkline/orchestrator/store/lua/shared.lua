-- Put before every script. One Redis, no cluster: keys are made from the prefix, not declared.
local prefix = 'tl:'

local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) + tonumber(time[2]) / 1000000
end

local function stamp(seconds)
  return string.format('%.6f', seconds)
end

local function device_key(device)
  return prefix .. 'device:' .. device
end

local function attachment_key(host, segment)
  return prefix .. 'attachment:' .. host .. '|' .. segment
end

local function holders_key(host, segment)
  return prefix .. 'holders:' .. host .. '|' .. segment
end

-- Marks count every wish to look at a device; a sync clears the mark only when none came while it worked.
local function mark(device, at)
  redis.call('HINCRBY', device_key(device), 'marks', 1)
  redis.call('ZADD', prefix .. 'dirty', at, device)
end

local function raise(device, at)
  redis.call('HINCRBY', device_key(device), 'generation', 1)
  mark(device, at)
end

local function alarm(device, at)
  redis.call('ZADD', prefix .. 'alarms', at, device .. '@' .. at)
end

local function holds_lease(device, token)
  return redis.call('GET', prefix .. 'lease:' .. device) == token
end

local function let_go(host, segment, devices, grace, at)
  local key = attachment_key(host, segment)
  local drain_at = at + grace
  redis.call('HSET', key, 'state', 'draining', 'cause', '', 'since', stamp(at), 'drain_at', stamp(drain_at))
  for _, device in ipairs(devices) do
    alarm(device, stamp(drain_at))
  end
end

-- Names and MACs come and go for ever: only the newest are remembered. `kind`: 'name' or 'mac'.
local most_favourites = { name = 16384, mac = 4096 }
local function remember(base, kind, family, who, place, at)
  if who == '' then
    return
  end
  local sticky, newest, field = base .. 'sticky-' .. kind, base .. 'remembered-' .. kind, family .. '|' .. who
  redis.call('HSET', sticky, field, place)
  redis.call('ZADD', newest, stamp(at), field)
  if redis.call('ZCARD', newest) > most_favourites[kind] then
    local oldest = redis.call('ZPOPMIN', newest)
    redis.call('HDEL', sticky, oldest[1])
  end
end

local function owner_field(family, owner)
  return family .. '|' .. owner.container .. '|' .. owner.endpoint
end

-- Before anybody knows whose endpoint it is, and as long as it lives, a MAC of a host has its address.
local function mac_field(family, host, mac)
  return family .. '||' .. host .. '/' .. mac
end

local function rest_now(base, family, place, lease, at, seconds)
  -- First what needs no memory: a full Redis lets a script that has begun to write finish.
  redis.call('HDEL', base .. 'owners', owner_field(family, lease.owner), mac_field(family, lease.host, lease.mac))
  lease.state, lease.since = 'QUARANTINE', at
  redis.call('HSET', base .. 'leases', place, cjson.encode(lease))
  redis.call('ZADD', base .. 'rest', stamp(at + seconds), place)
end

-- Makes `holder` hold exactly `wanted` on `host`. Same input twice changes nothing the second time.
local function hold(host, holder, wanted, known, at)
  local reverse = prefix .. 'held:' .. host .. '|' .. holder
  local before, added, removed, touched = {}, {}, {}, {}
  for _, segment in ipairs(redis.call('SMEMBERS', reverse)) do
    before[segment] = true
  end
  local after = {}
  for _, segment in ipairs(wanted) do
    after[segment] = true
    local key = attachment_key(host, segment)
    local need = known[segment]
    if not before[segment] then
      local first = redis.call('SCARD', holders_key(host, segment)) == 0
      redis.call('SADD', holders_key(host, segment), holder)
      redis.call('SADD', reverse, segment)
      redis.call('SADD', prefix .. 'attachments', host .. '|' .. segment)
      if first then
        redis.call('HSET', key, 'state', 'requested', 'cause', '', 'since', stamp(at))
        redis.call('HDEL', key, 'drain_at')
      end
      for _, device in ipairs(need.devices) do
        if first or string.sub(device, 1, 5) == 'host:' then
          raise(device, stamp(at))
          touched[device] = true
        end
      end
      table.insert(added, segment)
    end
    -- The inventory may have changed since: who lets go later by deadline only finds what is kept here.
    redis.call('HSET', key, 'devices', cjson.encode(need.devices), 'grace', tostring(need.grace))
  end
  for segment, _ in pairs(before) do
    if not after[segment] then
      local key = attachment_key(host, segment)
      local need = known[segment]
      local devices = need and need.devices or cjson.decode(redis.call('HGET', key, 'devices') or '[]')
      local grace = need and need.grace or tonumber(redis.call('HGET', key, 'grace') or '600')
      redis.call('SREM', holders_key(host, segment), holder)
      redis.call('SREM', reverse, segment)
      if redis.call('SCARD', holders_key(host, segment)) == 0 then
        let_go(host, segment, devices, grace, at)
      end
      for _, device in ipairs(devices) do
        if string.sub(device, 1, 5) == 'host:' then
          raise(device, stamp(at))
          touched[device] = true
        end
      end
      table.insert(removed, segment)
    end
  end
  if next(after) then
    redis.call('SADD', prefix .. 'holders-on:' .. host, holder)
  else
    redis.call('SREM', prefix .. 'holders-on:' .. host, holder)
    redis.call('ZREM', prefix .. 'deadlines', host .. '|' .. holder)
  end
  local devices = {}
  for device, _ in pairs(touched) do
    table.insert(devices, device)
  end
  table.sort(devices)
  table.sort(added)
  table.sort(removed)
  return { added, removed, devices }
end
