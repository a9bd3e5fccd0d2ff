-- ARGV: '1' to raise generations too, seconds from now ('' = now), devices...
local at = now()
for index = 3, #ARGV do
  if ARGV[2] ~= '' and tonumber(ARGV[2]) > at then
    alarm(ARGV[index], ARGV[2])
  elseif ARGV[1] == '1' then
    raise(ARGV[index], stamp(at))
  else
    mark(ARGV[index], stamp(at))
  end
end
return #ARGV - 2
