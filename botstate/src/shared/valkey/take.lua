-- Generic cell rate algorithm, the same arithmetic as gcra.rs, in microseconds of the server's clock.
-- KEYS[1] holds the theoretical arrival time; ARGV: interval, capacity, increment.
-- Answers {1, units left} or {0, microseconds to wait}.
local interval = tonumber(ARGV[1])
local capacity = tonumber(ARGV[2])
local increment = tonumber(ARGV[3])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local tat = tonumber(redis.call('GET', KEYS[1]) or now)
tat = math.min(math.max(tat, now), now + capacity)
local new = tat + increment
local wait = new - capacity - now
if wait > 0 then
  return {0, wait}
end
if new > now then
  redis.call('SET', KEYS[1], string.format('%.0f', new), 'PX', math.ceil((new - now) / 1000))
end
return {1, math.floor((capacity - (new - now)) / interval)}
