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

-- Before anybody knows whose endpoint it is, and as long as it lives, a MAC of a host has its address.
local function mac_field(family, host, mac)
  return family .. '||' .. host .. '/' .. mac
end

local function owner_field(family, owner)
  return family .. '|' .. owner.container .. '|' .. owner.endpoint
end

-- A place is a pool and an offset in it, 172.31.0.0/16|1033. Offsets stay decimal text: they may exceed 2^53.
local function split(place)
  return string.match(place, '^(.*)|(%d+)$')
end

local function family_of(place)
  return string.find(place, ':', 1, true) and '6' or '4'
end

-- Leases, owners and favourites are kept in many small hashes, which Redis stores without pointers, and packed: a full
-- /16 is to cost some megabytes. Half a byte per hexadecimal digit; at most 127 bytes of anything.
local function packed_text(text)
  local half = #text / 2
  if half > 0 and half < 128 and half % 1 == 0 and not string.find(text, '[^0-9a-f]') then
    local bytes = string.gsub(text, '..', function(pair) return string.char(tonumber(pair, 16)) end)
    return string.char(128 + half) .. bytes
  end
  text = string.sub(text, 1, 127)
  return string.char(#text) .. text
end

local function unpacked_text(packed, at)
  local length = string.byte(packed, at)
  if length < 128 then
    return string.sub(packed, at + 1, at + length), at + 1 + length
  end
  local last = at + length - 128
  local bytes = string.sub(packed, at + 1, last)
  return (string.gsub(bytes, '.', function(byte) return string.format('%02x', string.byte(byte)) end)), last + 1
end

local states = { 'PENDING', 'ACTIVE', 'QUARANTINE', 'RESERVED' }
local state_numbers = { PENDING = 0, ACTIVE = 1, QUARANTINE = 2, RESERVED = 3 }
local shown_digits = 16

-- What is the same for most leases costs a flag: an endpoint is called like its segment, or by its host and MAC.
local function packed_lease(base, lease)
  local flags, parts = state_numbers[lease.state] + (lease.kept and 4 or 0), {}
  local digits = string.gsub(lease.mac, ':', '')
  local usual = #digits == 12 and #lease.mac == 17
  local endpoint = lease.owner.endpoint
  if base == prefix .. 'ledger:' .. endpoint .. ':' then
    flags, endpoint = flags + 16, nil
  elseif endpoint == lease.host .. '/' .. lease.mac then
    flags, endpoint = flags + 32, nil
  end
  parts[1] = string.char(flags + (usual and 8 or 0)) .. struct.pack('>d', lease.since)
  parts[2] = packed_text(usual and digits or lease.mac)
  parts[3] = packed_text(lease.host) .. packed_text(lease.name)
  parts[4] = packed_text(string.sub(lease.endpoint_id, 1, shown_digits))
  return table.concat(parts) .. (endpoint and packed_text(endpoint) or '')
end

local function unpacked_lease(base, packed, container)
  local flags = string.byte(packed, 1)
  local lease = { state = states[flags % 4 + 1], kept = math.floor(flags / 4) % 2 == 1, since = struct.unpack('>d', packed, 2) }
  local mac, host, name, endpoint_id, endpoint, at
  mac, at = unpacked_text(packed, 10)
  if math.floor(flags / 8) % 2 == 1 then
    mac = string.sub(string.gsub(mac, '..', '%0:'), 1, 17)
  end
  host, at = unpacked_text(packed, at)
  name, at = unpacked_text(packed, at)
  endpoint_id, at = unpacked_text(packed, at)
  if math.floor(flags / 16) % 2 == 1 then
    endpoint = string.sub(base, #prefix + #'ledger:' + 1, -2)
  elseif math.floor(flags / 32) % 2 == 1 then
    endpoint = host .. '/' .. mac
  else
    endpoint = unpacked_text(packed, at)
  end
  lease.mac, lease.host, lease.name, lease.endpoint_id = mac, host, name, endpoint_id
  lease.owner = { container = container and unpacked_text(container, 1) or '', endpoint = endpoint }
  return lease
end

-- A hundred addresses to a hash.
local function bucket_of(place)
  return string.match(place, '^(.-)(%d?%d)$')
end

local function lease_at(base, place)
  local bucket, field = bucket_of(place)
  local found = redis.call('HMGET', base .. 'leases:' .. bucket, field, 'c' .. field)
  return found[1] and unpacked_lease(base, found[1], found[2]) or nil
end

local function is_leased(base, place)
  local bucket, field = bucket_of(place)
  return redis.call('HEXISTS', base .. 'leases:' .. bucket, field) == 1
end

local function put_lease(base, place, lease)
  local bucket, field = bucket_of(place)
  local key = base .. 'leases:' .. bucket
  if lease.owner.container == '' then
    redis.call('HDEL', key, 'c' .. field)
    redis.call('HSET', key, field, packed_lease(base, lease))
  else
    redis.call('HSET', key, field, packed_lease(base, lease), 'c' .. field, packed_text(lease.owner.container))
  end
  redis.call('SADD', base .. 'buckets', bucket)
end

local function drop_lease(base, place)
  local bucket, field = bucket_of(place)
  local key = base .. 'leases:' .. bucket
  redis.call('HDEL', key, field, 'c' .. field)
  if redis.call('HLEN', key) == 0 then
    redis.call('SREM', base .. 'buckets', bucket)
  end
end

-- The places of a bucket that have a lease.
local function places_in(base, bucket)
  local places = {}
  for _, field in ipairs(redis.call('HKEYS', base .. 'leases:' .. bucket)) do
    if string.sub(field, 1, 1) ~= 'c' then
      table.insert(places, bucket .. field)
    end
  end
  return places
end

-- Pools have numbers, which are shorter.
local function coded(base, place)
  local pool, offset = split(place)
  local number = redis.call('HGET', base .. 'numbers', pool)
  if not number then
    number = redis.call('HLEN', base .. 'numbers') / 2
    redis.call('HSET', base .. 'numbers', pool, number, '#' .. number, pool)
  end
  return number .. '|' .. offset
end

local function decoded(base, code)
  local number, offset = split(code)
  return redis.call('HGET', base .. 'numbers', '#' .. number) .. '|' .. offset
end

-- Half of a hash of the key is kept, so that two may meet: whoever looks something up checks what it finds.
local function slot_of(key, field)
  local digest = redis.sha1hex(field)
  local bytes = string.gsub(string.sub(digest, 3, 18), '..', function(pair) return string.char(tonumber(pair, 16)) end)
  return key .. ':' .. string.sub(digest, 1, 2), bytes
end

-- An owner's field is that of its container, or that of its MAC.
local function owned(base, field)
  local key, slot = slot_of(base .. 'owners', field)
  local code = redis.call('HGET', key, slot)
  if not code then
    return nil
  end
  local place = decoded(base, code)
  local lease = lease_at(base, place)
  local family = family_of(place)
  if not lease or lease.state == 'QUARANTINE' then
    return nil
  end
  if field ~= owner_field(family, lease.owner) and field ~= mac_field(family, lease.host, lease.mac) then
    return nil
  end
  return place, lease
end

local function set_owner(base, field, place)
  local key, slot = slot_of(base .. 'owners', field)
  redis.call('HSET', key, slot, coded(base, place))
end

local function drop_owner(base, field)
  local key, slot = slot_of(base .. 'owners', field)
  redis.call('HDEL', key, slot)
end

-- Names and MACs come and go for ever: only so many are remembered, in each of 256 hashes. `kind`: 'name' or 'mac'.
local most_favourites = { name = 64, mac = 16 }
local function remember(base, kind, family, who, place)
  if who == '' then
    return
  end
  local key, slot = slot_of(base .. 'sticky-' .. kind, family .. '|' .. who)
  redis.call('HSET', key, slot, coded(base, place))
  if redis.call('HLEN', key) > most_favourites[kind] then
    local other = redis.call('HRANDFIELD', key)
    if other ~= slot then
      redis.call('HDEL', key, other)
    end
  end
end

local function remembered(base, kind, family, who)
  local key, slot = slot_of(base .. 'sticky-' .. kind, family .. '|' .. who)
  local code = who ~= '' and redis.call('HGET', key, slot)
  return code and decoded(base, code)
end

-- Who had which address when: one entry for every change of hands.
local most_events = 50000
local function note(base, place, lease)
  redis.call(
    'XADD', base .. 'history', 'MAXLEN', '~', most_events, '*', 'place', place, 'state', lease.state,
    'host', lease.host, 'name', lease.name, 'mac', lease.mac, 'container', lease.owner.container
  )
end

local function occupy(base, place)
  local pool, offset = split(place)
  if redis.call('EXISTS', base .. 'reserved:' .. pool) == 1 then
    redis.call('SETBIT', base .. 'taken:' .. pool, offset, 1)
    redis.call('SETBIT', base .. 'occupied:' .. pool, offset, 1)
  end
end

-- A switch shows a MAC for minutes after its endpoint left, and must not take it for somebody who is still there. Some
-- are told to remember as long as routers do, which is four hours.
local remembered_seconds, most_gone = 5 * 3600, 10000
local function gone_key(host)
  return prefix .. 'gone:' .. host
end

local function left(host, mac, at)
  if mac ~= '' then
    local key = gone_key(host)
    redis.call('ZADD', key, stamp(at), mac)
    redis.call('ZREMRANGEBYSCORE', key, '-inf', stamp(at - remembered_seconds))
    redis.call('ZREMRANGEBYRANK', key, 0, -most_gone - 1)
  end
end

local function came(host, mac)
  if mac ~= '' then
    redis.call('ZREM', gone_key(host), mac)
  end
end

-- An address that is kept remembers a MAC that may have another one by now.
local function drop_mac(base, place, lease)
  local field = mac_field(family_of(place), lease.host, lease.mac)
  if owned(base, field) == place then
    drop_owner(base, field)
  end
end

-- What a router remembers of an address is corrected by engines that announce it. While there are others, an address
-- rests for as long as routers remember, which is four hours with Cisco's, unless the segment says how long.
local usual_rest, longest_rest = 300, 4 * 3600
local function rest_seconds(wish)
  local silent = wish == '' and redis.call('SCARD', prefix .. 'silent') > 0
  return tonumber(wish) or (silent and longest_rest or usual_rest)
end

local function rest_now(base, place, lease, at, seconds)
  local family = family_of(place)
  -- First what needs no memory: a full Redis lets a script that has begun to write finish.
  drop_mac(base, place, lease)
  drop_owner(base, owner_field(family, lease.owner))
  lease.state, lease.since = 'QUARANTINE', at
  put_lease(base, place, lease)
  redis.call('ZADD', base .. 'rest', stamp(at + seconds), place)
  left(lease.host, lease.mac, at)
  note(base, place, lease)
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
