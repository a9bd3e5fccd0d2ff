-- ARGV: device, token, milliseconds. Returns the fence, or 0 when somebody else has the device.
if not redis.call('SET', prefix .. 'lease:' .. ARGV[1], ARGV[2], 'NX', 'PX', ARGV[3]) then
  return 0
end
return redis.call('INCR', prefix .. 'fence')
