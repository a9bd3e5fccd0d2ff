-- Keeps an address from everybody. ARGV: segment, digest of the pools, place, who says so, host or '', why. Several may
-- say so at once. Returns {'ok'} | {'taken', lease JSON} | {'undefined'} when the pools on record are not the caller's.
local base = prefix .. 'ledger:' .. ARGV[1] .. ':'
local place, at = ARGV[3], now()
if redis.call('GET', base .. 'definition') ~= ARGV[2] then
  return { 'undefined' }
end
local lease = lease_at(base, place)
if lease and lease.state ~= 'RESERVED' and lease.state ~= 'QUARANTINE' then
  return { 'taken', cjson.encode(lease) }
end
if not lease or lease.state ~= 'RESERVED' then
  lease = {
    state = 'RESERVED', owner = { container = '', endpoint = 'reserved' },
    host = ARGV[5], name = ARGV[6], mac = '', endpoint_id = '', since = at, kept = false,
  }
  put_lease(base, place, lease)
  redis.call('ZREM', base .. 'rest', place)
  occupy(base, place)
  note(base, place, lease)
end
redis.call('SADD', base .. 'reservers:' .. place, ARGV[4])
return { 'ok' }
