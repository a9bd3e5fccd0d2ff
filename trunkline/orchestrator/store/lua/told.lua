-- A host has put on record what its containers use. ARGV: host. Returns 1 when the ledger is open now.
if redis.call('EXISTS', prefix .. 'closed') == 0 then
  return 1
end
redis.call('SADD', prefix .. 'told', ARGV[1])
if #redis.call('SDIFF', prefix .. 'awaited', prefix .. 'told') > 0 then
  return 0
end
redis.call('DEL', prefix .. 'closed', prefix .. 'told', prefix .. 'awaited')
return 1
