-- A host has put on record what its containers use. ARGV: host, every host of the inventory... Returns 1 when the ledger
-- is open now.
if redis.call('EXISTS', prefix .. 'closed') == 0 then
  return 1
end
redis.call('SADD', prefix .. 'told', ARGV[1])
for index = 2, #ARGV do
  if redis.call('SISMEMBER', prefix .. 'told', ARGV[index]) == 0 then
    return 0
  end
end
redis.call('DEL', prefix .. 'closed', prefix .. 'told')
return 1
