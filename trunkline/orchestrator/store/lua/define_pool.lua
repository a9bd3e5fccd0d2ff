-- KEYS: none. ARGV: segment, pool, reserved bitmap. What is leased stays occupied whatever is reserved now.
local base = prefix .. 'ledger:' .. ARGV[1] .. ':'
redis.call('SET', base .. 'reserved:' .. ARGV[2], ARGV[3])
return redis.call('BITOP', 'OR', base .. 'occupied:' .. ARGV[2], base .. 'reserved:' .. ARGV[2], base .. 'taken:' .. ARGV[2])
