import { forgetIds } from './queue-id-parts.ts';
import {
  advance,
  begin,
  bring,
  endedMax,
  largeBytes,
  mark,
  messageOf,
  notify,
  revisions,
  spread,
  wait,
} from './queue-parts.ts';
import { rise } from './queue-rest-parts.ts';
import { defineScript, type Script } from './script.ts';

/** How many messages are looked for in one step. */
const stepMax = 256;

/** With so many bytes a lease takes no more messages, so that no answer is without bounds. */
const bytesMax: number = 8 * 1024 * 1024;

/** How many sequences whose messages are gone one script passes over. */
const goneMax = 5_000;

/** What an answer is made of is handed over in pieces of about so many bytes, so that none of it is copied at once. */
const pieceBytes = 65_536;

/** Takes up to so many sequences out of a lane, first those that have been ready for longest; those that were there before are told apart. */
const take = `
local gone = 0
local function take(q, lane, want)
  local o, r = of('o' .. lane, q), of('r' .. lane, q)
  local others = call('ZRANGEBYSCORE', o, '-inf', now, 'WITHSCORES', 'LIMIT', 0, want)
  if #others == 0 then return call('LPOP', r, want) or {} end
  local fresh = call('LRANGE', r, 0, want - 1)
  local taken, old, count, i, j = {}, {}, 0, 1, 1
  while count < want and (others[i] or fresh[j]) do
    local isNext = others[i] and (not fresh[j] or tonumber(others[i + 1]) <= unpk('>d', fresh[j]))
    count = count + 1
    if isNext then
      taken[count] = others[i]
      old[(i + 1) / 2] = others[i]
      i = i + 2
    else
      taken[count] = fresh[j]
      j = j + 1
    end
  end
  if i > 1 then call('ZREM', o, unpack(old)) end
  if j > 1 then call('LPOP', r, j - 1) end
  return taken, i > 1
end
local function messagesOf(q, taken)
  local first, last = unpk('>d', taken[1]), unpk('>d', taken[#taken])
  if last < first then return {} end
  return call('ZRANGEBYSCORE', of('m', q), first, last, 'LIMIT', 0, #taken)
end
local function bySequence(found)
  local map = {}
  for _, m in ipairs(found) do map[sub(m, 1, 8)] = m end
  return map
end
`;

/**
 * Leases what was taken: adds messages and the records of their leases to the answer. What is alike in the records of all that are
 * leased for the first time is made once.
 */
const hold: string = `
local function again(h, charge)
  local deliveries, attempts, place, flags, length = unpk('>I4I4dBI2', h, 17)
  local head = pack('>ddI4I4dBI2', raise(), untilMs, deliveries + 1, attempts + charge, place, flags, #owner)
  return head .. owner .. sub(h, 36 + length)
end
local counts, tails = {[0] = pack('>dI4I4', untilMs, 1, 0), pack('>dI4I4', untilMs, 1, 1)}, {}
local function first(s, m, charge)
  local flags, place = byte(m, 9), s
  local tail = tails[flags]
  if not tail then
    -- 64 says that headers stand here instead of in the message.
    tail = pack('>BI2', flags % 64, #owner) .. owner
    tails[flags] = tail
  end
  if flags >= 128 then place = sub(m, 10, 17) end
  return pack('>d', raise()) .. counts[charge] .. place .. tail
end
local answer, parts, partCount, partBytes, lengths = {}, {}, 0, 0, {}
local function bringAnswer()
  answer[#answer + 1] = table.concat(parts, '', 1, partCount)
  partCount, partBytes = 0, 0
end
local function tell(m, h)
  local length = lengths[#m]
  if not length then
    length = pack('>I4', #m)
    lengths[#m] = length
  end
  parts[partCount + 1] = length
  parts[partCount + 2] = m
  parts[partCount + 3] = h and pack('>I4', #h) or '\\0\\0\\0\\0'
  parts[partCount + 4] = h or ''
  partCount = partCount + 4
  partBytes = partBytes + #m
  if partBytes > ${pieceBytes} then bringAnswer() end
end
local untilText = string.format('%.17g', untilMs)
local function holdAll(q, taken, hasOld)
  local some, found = messagesOf(q, taken), nil
  local olds = hasOld and call('HMGET', of('l', q), unpack(taken)) or {}
  local records, ends, words, bytes = {}, {}, 0, 0
  for i, s in ipairs(taken) do
    local m = some[i]
    if not m or sub(m, 1, 8) ~= s then
      found = found or bySequence(some)
      m = found[s] or messageOf(q, s)
    end
    if not m then gone = gone + 1
    else
      local charge = startedMax > 0 and 1 or 0
      startedMax = startedMax - charge
      local old = olds[i]
      local h = old and again(old, charge) or first(s, m, charge)
      if #answer == 0 then answer[1] = pack('>dd', rev, untilMs) end
      tell(m, old and h)
      records[words + 1], records[words + 2] = s, h
      ends[words + 1], ends[words + 2] = untilText, s
      words = words + 2
      bytes = bytes + #m + #h
    end
  end
  spread('HSET', of('l', q), 'HDEL', records, words)
  spread('ZADD', of('e', q), 'ZREM', ends, words)
  return bytes, words / 2
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
    for _, letter in ipairs({'o', 'd'}) do
      local first = call('ZRANGE', of(letter .. lane, q), 0, 0, 'WITHSCORES')
      if first[2] then next = math.min(next, (first[2] - now) / 1000) end
    end
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
 * Answers the first token and the leases' end as doubles, then pieces: for each message it and the record of its leases, which is empty
 * the first time, each behind its length. Tokens go up by one. Where there is none, in how many ms one is, or -1.
 */
export const leaseScript: Script = defineScript(
  begin,
  revisions,
  messageOf,
  `local q, want, owner = A[1], tonumber(A[2]), A[5]
  local untilMs, startedMax = nowMs + A[3], tonumber(A[7])`,
  bring,
  spread,
  take,
  hold,
  nextIn,
  // What is seldom needed is not even made before.
  'local advance, rise',
  'local function define()',
  notify,
  mark,
  wait,
  advance,
  rise,
  `return advance, rise
  end
  local firstEnd = call('ZRANGE', of('e', q), 0, 0, 'WITHSCORES')[2]
  if firstEnd and tonumber(firstEnd) <= nowMs then
    advance, rise = define()
    advance(q, ${endedMax})
  end
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
  -- What is taken has to be brought, so a step is no longer than there is room for if all are as large as the largest.
  local bytes, size = 0, tonumber(call('HGET', B .. 'b', q) or ${largeBytes})
  for _, lane in ipairs(lanes) do
    if want == 0 then break end
    -- As many as are wanted at least, so that they stand in the order of their times, whatever is due in other lanes.
    local firstRest = call('ZRANGE', of('d' .. lane, q), 0, 0, 'WITHSCORES')[2]
    if firstRest and tonumber(firstRest) <= now then
      if not rise then advance, rise = define() end
      rise(q, lane, math.max(want, ${endedMax}))
    end
    while want > 0 and bytes < ${bytesMax} and gone < ${goneMax} do
      local room = math.max(1, math.floor((${bytesMax} - bytes) / size))
      local taken, hasOld = take(q, lane, math.min(want, ${stepMax}, room))
      if #taken == 0 then break end
      local more, count = holdAll(q, taken, hasOld)
      bytes = bytes + more
      want = want - count
    end
  end
  if #answer > 0 then
    keep()
    if partCount > 0 then bringAnswer() end
    return answer
  end
  if A[6] == '1' then
    -- Where there is no room for a wish whoever waits looks by itself.
    redis.pcall('HSET', B .. 'w', q, 1)
    call('PEXPIRE', B .. 'w', ${wishMs})
  end
  ${forgetIds}
  forgetIds(q, 500)
  return nextIn(q, lanes)`,
);
