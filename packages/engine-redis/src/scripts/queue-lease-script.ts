import {
  advance,
  begin,
  endedMax,
  forgetIds,
  mark,
  messageOf,
  notify,
  revisions,
  wait,
} from './queue-parts.ts';
import { defineScript, type Script } from './script.ts';

/** How many messages are looked for in the first step, before anything is known of their size, and in each that follows. */
const firstStep = 8;
const stepMax = 256;

/** With more bytes than this a lease holds no more messages, so that no answer is without bounds. */
const bytesMax: number = 8 * 1024 * 1024;

/** How many sequences whose messages are gone one script passes over. */
const goneMax = 5_000;

/** Takes up to so many sequences out of a lane, first those that have been ready for longest; those that were there before are told apart. */
const take = `
local gone = 0
local function take(q, lane, want, isOther)
  local o, r = of('o' .. lane, q), of('r' .. lane, q)
  local others = call('ZRANGEBYSCORE', o, '-inf', now, 'WITHSCORES', 'LIMIT', 0, want)
  if #others == 0 then return call('LPOP', r, want) or {} end
  local fresh = call('LRANGE', r, 0, want - 1)
  local taken, i, j = {}, 1, 1
  while #taken < want and (others[i] or fresh[j]) do
    local isNext = others[i] and (not fresh[j] or tonumber(others[i + 1]) <= unpk('>d', fresh[j]))
    if isNext then
      taken[#taken + 1] = others[i]
      isOther[others[i]] = true
      call('ZREM', o, others[i])
      i = i + 2
    else
      taken[#taken + 1] = fresh[j]
      j = j + 1
    end
  end
  if j > 1 then call('LPOP', r, j - 1) end
  return taken
end
local function messagesOf(q, taken)
  local first, last, found = unpk('>d', taken[1]), unpk('>d', taken[#taken]), {}
  if last >= first then
    for _, m in ipairs(call('ZRANGEBYSCORE', of('m', q), first, last, 'LIMIT', 0, #taken)) do found[sub(m, 1, 8)] = m end
  end
  for i, s in ipairs(taken) do
    if not found[s] then found[s] = messageOf(q, s) end
  end
  return found
end
`;

/** Leases what was taken: adds messages and the records of their leases to the answer. */
const hold = `
local function hold(q, s, m, h)
  local deliveries, attempts, place, flags, headers = 0, 0, nil, nil, ''
  if h then
    local length
    deliveries, attempts, place, flags, length = unpk('>I4I4dBI2', h, 17)
    headers = sub(h, 36 + length)
  else
    flags = byte(m, 9)
    if flags >= 128 then place, flags = unpk('>d', m, 10), flags - 128 else place = unpk('>d', s) end
    -- 64 says that headers stand here instead of in the message.
    if flags >= 64 then flags = flags - 64 end
  end
  if startedMax > 0 then
    startedMax = startedMax - 1
    attempts = attempts + 1
  end
  return pack('>ddI4I4dBI2', raise(), untilMs, deliveries + 1, attempts, place, flags, #owner) .. owner .. headers, not h
end
local function holdAll(q, taken, isOther, answer)
  local found, records, ends = messagesOf(q, taken), {}, {}
  local bytes = 0
  for _, s in ipairs(taken) do
    local m = found[s]
    if not m then gone = gone + 1
    else
      local h, isFirst = hold(q, s, m, isOther[s] and call('HGET', of('l', q), s))
      records[#records + 1] = s
      records[#records + 1] = h
      ends[#ends + 1] = untilMs
      ends[#ends + 1] = s
      if #answer == 0 then
        answer[1] = rev
        answer[2] = untilMs
      end
      answer[#answer + 1] = m
      answer[#answer + 1] = isFirst and '' or h
      bytes = bytes + #m
    end
  end
  if #records > 0 then
    call('HSET', of('l', q), unpack(records))
    call('ZADD', of('e', q), unpack(ends))
  end
  return bytes, #records / 2
end
`;

/** When nothing is ready: in how many ms something is because of time alone, or -1. */
const nextIn = `
local function nextIn(q, lanes)
  if gone >= ${goneMax} then return 0 end
  local next = math.huge
  local ended = call('ZRANGE', of('e', q), 0, 0, 'WITHSCORES')
  if ended[2] then next = ended[2] - nowMs end
  for _, lane in ipairs(lanes) do
    local first = call('ZRANGE', of('o' .. lane, q), 0, 0, 'WITHSCORES')
    if first[2] then next = math.min(next, (first[2] - now) / 1000) end
  end
  return next == math.huge and -1 or math.max(0, math.ceil(next))
end
`;

/** How long the wishes of waiters are kept that are never fulfilled. */
export const wishMs: number = 60 * 60 * 1000;

/**
 * 1 the queue, 2 how many, 3 for how many ms, 4 the lanes, a byte each, or nothing for all; 5 the owner, 6 whether to be told of what
 * comes where nothing is there, 7 how many are charged an attempt, from the first on.
 *
 * Answers the first token and the leases' end, then for each message it and the record of its leases, which is empty the first time:
 * tokens go up by one. Where there is none, in how many ms one is, or -1.
 */
export const leaseScript: Script = defineScript(
  begin,
  revisions,
  messageOf,
  `local q, want, owner = A[1], tonumber(A[2]), A[5]
  local untilMs, startedMax = nowMs + A[3], tonumber(A[7])`,
  take,
  hold,
  nextIn,
  // What is seldom needed is not even made before.
  'local function putBack()',
  notify,
  mark,
  wait,
  advance,
  `advance(q, ${endedMax})
  end
  local firstEnd = call('ZRANGE', of('e', q), 0, 0, 'WITHSCORES')[2]
  if firstEnd and tonumber(firstEnd) <= nowMs then putBack() end
  local used, lanes = tonumber(call('HGET', B .. 'p', q) or 0), {}
  if A[4] == '' then
    lanes[1] = 0
    if used > 0 then
      for lane = 1, 15 do
        if bit.band(used, 2 ^ lane) ~= 0 then lanes[#lanes + 1] = lane end
      end
    end
  else
    for i = 1, #A[4] do
      local lane = byte(A[4], i)
      if lane == 0 or bit.band(used, 2 ^ lane) ~= 0 then lanes[#lanes + 1] = lane end
    end
  end
  local answer, bytes, step, held = {}, 0, ${firstStep}, 0
  for _, lane in ipairs(lanes) do
    while want > 0 and bytes < ${bytesMax} and gone < ${goneMax} do
      local isOther = {}
      local taken = take(q, lane, math.min(want, step), isOther)
      if #taken == 0 then break end
      local size, count = holdAll(q, taken, isOther, answer)
      bytes = bytes + size
      want = want - count
      held = held + count
      if held > 0 then step = math.max(1, math.min(${stepMax}, math.floor((${bytesMax} - bytes) * held / bytes))) end
    end
  end
  if #answer > 0 then
    keep()
    return answer
  end
  if A[6] == '1' then
    -- Where there is no room for a wish whoever waits looks by itself.
    redis.pcall('HSET', B .. 'w', q, 1)
    call('PEXPIRE', B .. 'w', ${wishMs})
  end
  ${forgetIds}
  forgetIds(q, 500)
  return {nextIn(q, lanes)}`,
);
