-- Gives an owner one address of one family; asking again gives the same one.
-- ARGV: segment, JSON {definition, family, owner, container, endpoint, host, name, mac, kept, gated, pools: [{id, bits,
-- first, last, ranges}], pool, offset, known, lenient, gateway} (pool and offset only when a certain address is asked
-- for; bits, first and last count in IPv4 pools, ranges in IPv6 ones). `kept`: the lease outlives the endpoint that uses
-- it. `gated`: only while the host's attachment is ready. `known`: it is in use already. `lenient`: the segment does not
-- say how long addresses rest. `gateway`: the device that is told to forget who had an address before. Offsets are
-- decimal text: they may exceed 2^53.
-- Returns {'ok', pool, offset, lease JSON} | {'taken', lease JSON} | {'other', pool, offset} | {'full', how many rest} |
-- {'closed', state, cause} | {'lost', who has not told...} while the hosts tell what they use | {'undefined'} when the
-- pools on record are not the caller's.
local segment, ask = ARGV[1], cjson.decode(ARGV[2])
local base = prefix .. 'ledger:' .. segment .. ':'
local rest = base .. 'rest'
local at = now()

local function occupied_key(pool)
  return base .. 'occupied:' .. pool
end

-- A gateway remembers for hours who had an address. Where the segment says so it is told to forget that, when the
-- address goes to somebody else: `used` is who nobody knows any more, a wish is the address with its segment.
local longest_memory, most_used = 4 * 3600, 20000
local function tidy(key)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', stamp(at - longest_memory))
  redis.call('ZREMRANGEBYRANK', key, 0, -most_used - 1)
end

local function wish_forgotten(place)
  local key = prefix .. 'stale:' .. ask.gateway
  redis.call('ZADD', key, stamp(at), segment .. ' ' .. place)
  tidy(key)
  mark(ask.gateway, stamp(at))
end

local function had_another_mac(place)
  local lease = lease_at(base, place)
  if lease then
    return lease.mac == '' or lease.mac ~= ask.mac
  end
  return redis.call('ZSCORE', base .. 'used', place)
end

local function free(place)
  local pool, offset = split(place)
  drop_lease(base, place)
  if ask.gateway then
    redis.call('ZADD', base .. 'used', stamp(at), place)
    tidy(base .. 'used')
  end
  redis.call('ZREM', rest, place)
  if redis.call('EXISTS', base .. 'reserved:' .. pool) == 1 then
    redis.call('SETBIT', base .. 'taken:' .. pool, offset, 0)
    if redis.call('GETBIT', base .. 'reserved:' .. pool, offset) == 0 then
      redis.call('SETBIT', occupied_key(pool), offset, 0)
    end
  end
end

local function take(pool, offset)
  local lease = {
    state = 'PENDING', owner = { container = ask.container, endpoint = ask.endpoint },
    host = ask.host, name = ask.name, mac = ask.mac, endpoint_id = '', since = at, kept = ask.kept,
  }
  local place = pool .. '|' .. offset
  local is_stale = ask.gateway and had_another_mac(place)
  put_lease(base, place, lease)
  if is_stale then
    redis.call('ZREM', base .. 'used', place)
    wish_forgotten(place)
  end
  came(ask.host, ask.mac)
  set_owner(base, ask.owner, place)
  redis.call('ZREM', rest, place)
  remember(base, 'name', ask.family, ask.name, place)
  remember(base, 'mac', ask.family, ask.mac, place)
  occupy(base, place)
  note(base, place, lease)
  return { 'ok', pool, offset, cjson.encode(lease) }
end

-- Whether an address may be handed out unasked: pools and their ranges may have changed since it was remembered.
local function offered(pool, offset)
  for _, each in ipairs(ask.pools) do
    if each.id == pool then
      if each.bits > 0 then
        local inside = tonumber(offset) >= each.first and tonumber(offset) <= each.last
        return inside and redis.call('GETBIT', base .. 'reserved:' .. pool, offset) == 0
      end
      for _, range in ipairs(each.ranges) do
        if tonumber(offset) >= range[1] and tonumber(offset) <= range[2] then
          return true
        end
      end
    end
  end
  return false
end

local function has_rested(place)
  local rests_until = redis.call('ZSCORE', rest, place)
  return rests_until and tonumber(rests_until) <= at
end

-- A container that was started with an address asks for it again when it starts anew: with another MAC, and before
-- Docker 29 without its name. So whoever asks for a certain address may have it back from the engine that released it.
local function comes_back(lease)
  return ask.offset and ask.mac ~= '' and lease.mac ~= '' and lease.host == ask.host
end

-- An address that rests may go to the container of the same name or MAC, to who uses it or comes back, and to nobody else.
local function available(place)
  local lease = lease_at(base, place)
  if not lease then
    return true
  end
  if lease.state == 'QUARANTINE' and has_rested(place) then
    free(place)
    return true
  end
  local same = ask.known or (ask.name ~= '' and lease.name == ask.name) or (ask.mac ~= '' and lease.mac == ask.mac)
  same = same or comes_back(lease)
  return lease.state == 'QUARANTINE' and same, lease
end

-- An address that is kept for a container of this host is what Docker asks for when that container is connected.
local function bound(place)
  local lease = lease_at(base, place)
  if not lease or not lease.kept or lease.host ~= ask.host or lease.state == 'QUARANTINE' then
    return nil
  end
  -- Its last endpoint may still have it: seen by Docker, or about to be.
  local used = lease.state == 'ACTIVE' or owned(base, mac_field(ask.family, lease.host, lease.mac)) == place
  if ask.container ~= '' or ask.mac == '' or (used and lease.mac ~= ask.mac) then
    return nil
  end
  if lease.mac ~= ask.mac then
    left(lease.host, lease.mac, at)
    if ask.gateway and lease.mac ~= '' then
      wish_forgotten(place)
    end
  end
  -- It has as long to show as any other.
  lease.mac, lease.since = ask.mac, at
  put_lease(base, place, lease)
  came(ask.host, ask.mac)
  set_owner(base, mac_field(ask.family, ask.host, ask.mac), place)
  return { 'ok', ask.pool, ask.offset, cjson.encode(lease) }
end

-- A container that asks for what its own endpoint has: the engine got it by MAC, before anybody knew whose it is.
local function its_own(place)
  local lease = lease_at(base, place)
  if ask.container == '' or ask.mac == '' or not lease or lease.kept or lease.state == 'QUARANTINE' then
    return nil
  end
  if lease.host ~= ask.host or lease.mac ~= ask.mac then
    return nil
  end
  return { 'ok', ask.pool, ask.offset, cjson.encode(lease) }
end

-- The first clear bit from..to.
local function clear_bit(key, from, to)
  local offset = from
  while offset <= to and offset % 8 ~= 0 do
    if redis.call('GETBIT', key, offset) == 0 then
      return offset
    end
    offset = offset + 1
  end
  local last_byte = math.floor((to + 1) / 8) - 1
  if offset / 8 <= last_byte then
    local found = redis.call('BITPOS', key, 0, offset / 8, last_byte)
    if found >= 0 then
      return found
    end
    offset = (last_byte + 1) * 8
  end
  while offset <= to do
    if redis.call('GETBIT', key, offset) == 0 then
      return offset
    end
    offset = offset + 1
  end
  return nil
end

-- Round robin over the bitmap: the cursor keeps a freed address from being the next one.
local function next_bit(pool)
  local key, cursor_key = occupied_key(pool.id), base .. 'cursor:' .. pool.id
  local cursor = tonumber(redis.call('GET', cursor_key) or '0')
  if cursor < pool.first or cursor > pool.last then
    cursor = pool.first
  end
  local offset = clear_bit(key, cursor, pool.last) or clear_bit(key, pool.first, cursor - 1)
  if offset then
    redis.call('SET', cursor_key, offset + 1)
  end
  return offset
end

-- The first number from..to inside the ranges without a lease. Every step but the last passes a lease.
local function first_number(pool, ranges, from, to)
  for _, range in ipairs(ranges) do
    local offset = math.max(from, range[1])
    while offset <= math.min(to, range[2]) do
      local text = string.format('%.0f', offset)
      if not is_leased(base, pool .. '|' .. text) then
        return text
      end
      offset = offset + 1
    end
  end
  return nil
end

-- IPv6 has no bitmap: a cursor runs through the ranges, and round again.
local function next_number(pool, ranges)
  local key = base .. 'cursor:' .. pool
  local cursor = tonumber(redis.call('GET', key) or '0')
  local text = first_number(pool, ranges, cursor, math.huge) or first_number(pool, ranges, 0, cursor - 1)
  if text then
    redis.call('SET', key, string.format('%.0f', tonumber(text) + 1))
  end
  return text
end

-- Bits of other pools than the caller's could give away a gateway, or what somebody has.
if redis.call('GET', base .. 'definition') ~= ask.definition then
  return { 'undefined' }
end

local existing, mine = owned(base, ask.owner)
if existing then
  local pool, offset = split(existing)
  if ask.offset and existing ~= ask.pool .. '|' .. ask.offset then
    return { 'other', pool, offset }
  end
  if ask.container == '' and mine.mac == ask.mac and not mine.kept then
    -- A new endpoint of the same MAC: it has as long to show as any other.
    mine.state, mine.endpoint_id, mine.since = 'PENDING', '', at
    put_lease(base, existing, mine)
    came(ask.host, ask.mac)
  end
  return { 'ok', pool, offset, cjson.encode(mine) }
end

-- Hosts of the inventory that are there and have not told; one without a sign of life keeps nobody waiting for long.
local function silent_hosts()
  local silent = {}
  for _, host in ipairs(redis.call('SDIFF', prefix .. 'awaited', prefix .. 'told')) do
    if redis.call('EXISTS', prefix .. 'alive:agent:' .. host) == 1 then
      table.insert(silent, host)
    end
  end
  return silent
end

local closed_since = not ask.known and redis.call('GET', prefix .. 'closed')
if closed_since then
  local silent = silent_hosts()
  if #silent > 0 or at - tonumber(closed_since) < ask.patience then
    return { 'lost', unpack(silent) }
  end
  redis.call('DEL', prefix .. 'closed', prefix .. 'told', prefix .. 'awaited')
end

-- Some at a time: others wait meanwhile.
local most_at_once = 64
local function free_rested()
  local rested = redis.call('ZRANGEBYSCORE', rest, '-inf', stamp(at), 'LIMIT', 0, most_at_once)
  for _, place in ipairs(rested) do
    free(place)
  end
  return #rested
end
free_rested()

local asked = ask.offset and ask.pool .. '|' .. ask.offset
local granted = asked and (its_own(asked) or bound(asked))
if granted then
  return granted
end

if ask.gated then
  local attachment = attachment_key(ask.host, segment)
  local state = redis.call('HGET', attachment, 'state') or 'absent'
  if state ~= 'ready' and state ~= 'degraded' and state ~= 'link-ready' then
    return { 'closed', state, redis.call('HGET', attachment, 'cause') or '' }
  end
end

if ask.offset then
  local ok, lease = available(ask.pool .. '|' .. ask.offset)
  if not ok then
    return { 'taken', cjson.encode(lease) }
  end
  return take(ask.pool, ask.offset)
end

for _, kind in ipairs({ 'name', 'mac' }) do
  local favourite = remembered(base, kind, ask.family, ask[kind])
  if favourite then
    local pool, offset = split(favourite)
    if offered(pool, offset) and available(favourite) then
      return take(pool, offset)
    end
  end
end

-- What rests only because routers may remember it is better than nothing: the one that rested longest.
local most_tried = 4096
local function rested_somewhat()
  for _, place in ipairs(redis.call('ZRANGE', rest, 0, most_tried - 1)) do
    local pool, offset = split(place)
    local lease = lease_at(base, place)
    if lease and lease.since <= at - usual_rest and offered(pool, offset) then
      free(place)
      return take(pool, offset)
    end
  end
  return nil
end

local function next_free()
  for _, pool in ipairs(ask.pools) do
    if pool.bits > 0 then
      local offset = next_bit(pool)
      if offset then
        return take(pool.id, string.format('%.0f', offset))
      end
    else
      local offset = next_number(pool.id, pool.ranges)
      if offset then
        return take(pool.id, offset)
      end
    end
  end
  return nil
end

local found = next_free()
if found then
  return found
end
-- What has rested longest may all have been of other pools.
local freed = 0
repeat
  local more = free_rested()
  freed = freed + more
until more == 0 or freed >= most_tried
found = freed > 0 and next_free()
if found then
  return found
end
return ask.lenient and rested_somewhat() or { 'full', redis.call('ZCARD', rest) }
