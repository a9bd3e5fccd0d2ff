-- ARGV: host, holder, JSON {wanted: [segment], known: {segment: {devices, grace}}}, deadline in seconds from now or ''.
-- Returns {added, removed, devices}, each sorted.
local request = cjson.decode(ARGV[3])
local at = now()
local result = hold(ARGV[1], ARGV[2], request.wanted, request.known, at)
if ARGV[4] ~= '' and next(request.wanted) then
  redis.call('ZADD', prefix .. 'deadlines', stamp(at + tonumber(ARGV[4])), ARGV[1] .. '|' .. ARGV[2])
end
return result
