/** A lease is so late (ms) at most: what a child may be late, and the way from Redis. Leases that took longer are given back. */
export const LEASE_LATE = 75;
/** After Redis has forgotten everything, so long (ms) nobody gets a lease: all parents then tell what they have used. */
const RECALL = 2000;

/** The time, in milliseconds: Redis' own, less what its clock is known to have jumped. */
const CLOCK = `
local t = redis.call('TIME')
local raw = t[1] * 1000 + t[2] / 1000
local skew = tonumber(redis.call('HGET', state, 'skew') or 0)
local now = raw + skew`;

/**
 * Leases times for calls. KEYS: log (each call and when it leaves, at the latest), pending (leases of which that is not known yet), state,
 * tokens. All times are milliseconds on Redis' own clock, so that no two machines have to agree on theirs.
 *
 * ARGV: parent, number of its first lease, generation it knows or '', a fresh one, horizon, time of a request, time of a token, Redis' time
 * and skew when it last asked or '', milliseconds since, number of limits, {unit, room, ms} each, then {requests, tokens} of each call.
 * Gives: generation, now, held until, milliseconds to wait for the first that was not leased, Redis' time, skew, times.
 */
export const TAKE = `
local log, pending, state, tokens = KEYS[1], KEYS[2], KEYS[3], KEYS[4]${CLOCK}
if ARGV[8] ~= '' and tonumber(ARGV[9]) == skew then
  local jump = raw - ARGV[8] - ARGV[10]
  if jump < -1000 or jump > 5000 then
    skew = skew - jump
    now = raw + skew
    redis.call('HSET', state, 'skew', tostring(skew))
  end
end
local known = ARGV[3]
local generation = redis.call('HGET', state, 'generation')
if not generation then
  generation = ARGV[4]
  redis.call('HSET', state, 'generation', generation)
  if known ~= '' then redis.call('HSET', state, 'held', string.format('%.3f', now + ${RECALL})) end
end
local held = tonumber(redis.call('HGET', state, 'held') or 0)
local result = { generation, string.format('%.3f', now), string.format('%.3f', held), '-1', string.format('%.3f', raw), tostring(skew) }
if known ~= '' and known ~= generation then return result end
local horizon, perRequest, perToken, count = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[11])
local limits, longest = {}, 1000
for i = 1, count do
  local at = 12 + (i - 1) * 3
  limits[i] = { unit = ARGV[at], room = tonumber(ARGV[at + 1]), ms = tonumber(ARGV[at + 2]) }
  longest = math.max(longest, limits[i].ms)
end
redis.call('ZREMRANGEBYSCORE', log, '-inf', now - longest - 1000)
redis.call('ZREMRANGEBYSCORE', pending, '-inf', now)
local tat = tonumber(redis.call('HGET', state, 'tat') or 0)
local number = tonumber(ARGV[2])
for i = 12 + count * 3, #ARGV, 2 do
  local requests, size = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
  local at, firm = math.max(tat, held, now), true
  for _, limit in ipairs(limits) do
    if limit.unit == 'request' then
      local place = math.max(0, limit.room - requests)
      local last = redis.call('ZREVRANGE', log, place, place, 'WITHSCORES')
      if last[2] and last[2] + limit.ms > at then
        at = last[2] + limit.ms
        firm = not redis.call('ZSCORE', pending, last[1])
      end
    elseif size > 0 then
      local step = limit.ms / 60
      local first = math.floor((now - limit.ms) / step)
      local fields, sum = {}, 0
      for bucket = first, first + 62 do fields[#fields + 1] = limit.ms .. ':' .. bucket end
      local sums = redis.call('HMGET', tokens, unpack(fields))
      for place = 1, #sums do sum = sum + (tonumber(sums[place]) or 0) end
      local place = 1
      while sum > 0 and sum + math.min(size, limit.room) > limit.room and place <= #sums do
        local amount = tonumber(sums[place]) or 0
        if amount > 0 then
          sum = sum - amount
          at = math.max(at, (first + place) * step + limit.ms)
        end
        place = place + 1
      end
    end
  end
  if at > now + horizon or not firm then
    result[4] = tostring(firm and at - now or 3)
    break
  end
  for n = 1, requests do
    local member = ARGV[1] .. ':' .. number .. ':' .. n
    local late = string.format('%.3f', at + ${LEASE_LATE})
    redis.call('ZADD', log, late, member)
    redis.call('ZADD', pending, late, member)
  end
  for _, limit in ipairs(limits) do
    if limit.unit == 'token' then
      redis.call('HINCRBY', tokens, limit.ms .. ':' .. math.floor((at + ${LEASE_LATE}) / (limit.ms / 60)), size)
    end
  end
  number = number + 1
  tat = math.max(tat, at - 20) + math.max(requests * perRequest, size * perToken)
  result[#result + 1] = string.format('%.3f', at)
end
redis.call('HSET', state, 'tat', string.format('%.3f', tat))
for _, key in ipairs({ log, pending, state, tokens }) do redis.call('PEXPIRE', key, math.ceil(longest) + 60000) end
return result`;

/**
 * Tells what became of leases. KEYS as above. ARGV: time of a request, then for each: what, member, and a number. \`fired\`: when it left at the
 * latest; \`back\`: it did not; \`again\`: as fired, after Redis has forgotten it; tokens:MS: so many more (or fewer) at the time of \`member\`.
 */
export const TELL = `
local log, pending, state, tokens = KEYS[1], KEYS[2], KEYS[3], KEYS[4]${CLOCK}
local back = 0
for i = 2, #ARGV, 3 do
  local what, member, value = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if what == 'fired' then
    redis.call('ZADD', log, 'XX', value, member)
    redis.call('ZREM', pending, member)
  elseif what == 'again' then
    redis.call('ZADD', log, value, member)
  elseif what == 'back' then
    back = back + redis.call('ZREM', log, member)
    redis.call('ZREM', pending, member)
  else
    local ms = tonumber(string.sub(what, 8))
    redis.call('HINCRBY', tokens, ms .. ':' .. math.floor(tonumber(member) / (ms / 60)), value)
  end
end
local tat = tonumber(redis.call('HGET', state, 'tat') or 0)
if back > 0 then redis.call('HSET', state, 'tat', string.format('%.3f', math.max(math.min(tat, now - 20), tat - back * tonumber(ARGV[1])))) end
return 1`;

/** Nobody calls until then. KEYS: state, ARGV: milliseconds from now, channel. */
export const PAUSE = `
local state = KEYS[1]${CLOCK}
local held = math.max(tonumber(redis.call('HGET', state, 'held') or 0), now + ARGV[1])
redis.call('HSET', state, 'held', string.format('%.3f', held))
redis.call('PUBLISH', ARGV[2], tostring(held - now))
return 1`;
