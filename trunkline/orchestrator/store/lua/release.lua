-- ARGV: device, token. Returns 1 when the lease was ours.
if not holds_lease(ARGV[1], ARGV[2]) then
  return 0
end
return redis.call('DEL', prefix .. 'lease:' .. ARGV[1])
