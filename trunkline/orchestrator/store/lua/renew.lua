-- ARGV: device, token, milliseconds. Returns 1 when the lease is still ours.
if not holds_lease(ARGV[1], ARGV[2]) then
  return 0
end
return redis.call('PEXPIRE', prefix .. 'lease:' .. ARGV[1], ARGV[3])
