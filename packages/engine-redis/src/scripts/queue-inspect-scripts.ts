import { fade, idGroups, unname } from './queue-id-parts.ts';
import {
  advance,
  begin,
  clear,
  drop,
  endedMax,
  forgetMs,
  mark,
  notify,
  parse,
  resolve,
  revisions,
  wait,
} from './queue-parts.ts';
import { rise } from './queue-rest-parts.ts';
import { pageBytesMax } from './queue-state-scripts.ts';
import { defineScript, type Script } from './script.ts';

/**
 * What becomes of a message next, and its place: `l` leased, `h` held, `r` ready, `d` delayed. One that was never leased and is not
 * delayed is in a list, ready whatever the clock says.
 */
const stateOf = `
local function stateOf(q, s, m, h)
  local flags, at, _, key = parse(m)
  local place = at or unpk('>d', s)
  if h then
    if unpk('>d', h, 9) > nowMs then return 'l', (unpk('>d', h, 25)) end
    place = unpk('>d', h, 25)
  elseif key and call('ZSCORE', of('h', q), key .. '\\0' .. s) then return 'h', place
  elseif not at then return 'r', place end
  return place <= now and 'r' or 'd', place
end
`;

/** 1 the queue, 2 what the message is named by, 3 whether that is its id. Answers its state, place, itself and its leases. */
export const inspectScript: Script = defineScript(
  begin,
  parse,
  idGroups,
  resolve,
  stateOf,
  `local q = A[1]
  local s, h = resolve(q, A[3] == '1', A[2], 1)
  local m = s and messageOf(q, s)
  if not m then return false end
  local state, place = stateOf(q, s, m, h)
  return {state, place, m, h or ''}`,
);

/** How many messages one script looks at. */
const step = 1_000;

/**
 * Messages in the order in which they were put. 1 the queue, 2 the sequence before the page, 3 how many, 4 in which state, or nothing.
 * Answers where the page ends, if there may be more, then of each its state, place, itself and its leases. It may hold less than asked.
 */
export const messagesScript: Script = defineScript(
  begin,
  parse,
  stateOf,
  `local q, limit, wanted = A[1], tonumber(A[3]), A[4]
  local size = wanted == '' and math.min(limit, ${step}) or ${step}
  local answer, bytes, count = {false}, 0, 0
  local last = A[2]
  -- Not all at once: bodies may be large.
  while size > 0 do
    local found = call('ZRANGEBYSCORE', of('m', q), '(' .. last, '+inf', 'LIMIT', 0, math.min(size, 50))
    if #found == 0 then return answer end
    for _, m in ipairs(found) do
      local s = sub(m, 1, 8)
      local h = call('HGET', of('l', q), s)
      local state, place = stateOf(q, s, m, h)
      if wanted == '' or state == wanted then
        if count == limit or bytes > ${pageBytesMax} then
          answer[1] = last
          return answer
        end
        for _, part in ipairs({state, place, m, h or ''}) do answer[#answer + 1] = part end
        count = count + 1
        bytes = bytes + #m
      end
      last = string.format('%d', unpk('>d', s))
      size = size - 1
    end
  end
  if call('ZCOUNT', of('m', q), '(' .. last, '+inf') > 0 then answer[1] = last end
  return answer`,
);

/**
 * 1 the queue. Answers how many are ready, delayed, leased and held, and since when the oldest is ready in µs, or -1. Nothing where more
 * have become ready than one script puts into their lanes, which is to be asked again.
 */
export const depthScript: Script = defineScript(
  begin,
  parse,
  notify,
  mark,
  wait,
  advance,
  rise,
  `local q = A[1]
  advance(q, ${endedMax})
  local used = tonumber(call('HGET', B .. 'p', q) or 0)
  for lane = 0, 15 do
    if (lane == 0 or bit.band(used, 2 ^ lane) ~= 0) and rise(q, lane, ${endedMax}) >= ${endedMax} then return false end
  end
  local leased = call('ZCOUNT', of('e', q), '(' .. string.format('%d', nowMs), '+inf')
  local held = call('ZCARD', of('h', q))
  local delayed, oldest = tonumber(call('HGET', B .. 'd', q) or 0), math.huge
  for lane = 0, 15 do
    if lane == 0 or bit.band(used, 2 ^ lane) ~= 0 then
      local o, r = of('o' .. lane, q), of('r' .. lane, q)
      delayed = delayed + call('ZCOUNT', o, '(' .. string.format('%d', now), '+inf')
      local first = call('ZRANGE', o, 0, 0, 'WITHSCORES')
      if first[2] and tonumber(first[2]) <= now then oldest = math.min(oldest, tonumber(first[2])) end
      local heads = call('LRANGE', r, 0, 63)
      for _, s in ipairs(heads) do
        if messageOf(q, s) then
          oldest = math.min(oldest, (unpk('>d', s)))
          break
        end
      end
    end
  end
  local ready = call('ZCARD', of('m', q)) - leased - held - delayed
  return {ready, delayed, leased, held, oldest == math.huge and -1 or oldest}`,
);

/** Takes messages out. 1 the queue, 2 their names, each with 0, or 16 where it is an id, before it. Answers 1 or 0 for each. */
export const removeScript: Script = defineScript(
  begin,
  revisions,
  parse,
  notify,
  mark,
  wait,
  clear,
  idGroups,
  unname,
  drop,
  resolve,
  `local q, blob, p, results = A[1], A[2], 1, {}
  while p <= #blob do
    local s, h
    s, h, p = resolve(q, byte(blob, p) == 16, blob, p + 1)
    local m = s and messageOf(q, s)
    if m then drop(q, s, h, m) end
    results[#results + 1] = m and '1' or '0'
  end
  clear()
  return table.concat(results)`,
);

/** Takes all messages out. 1 the queue. Answers how many there were. What is remembered stays so. */
export const purgeScript: Script = defineScript(
  begin,
  fade,
  `local q = A[1]
  local count = call('ZCARD', of('m', q))
  call('UNLINK', of('m', q), of('l', q), of('e', q), of('h', q), of('k', q), of('i', q))
  local used = tonumber(call('HGET', B .. 'p', q) or 0)
  for lane = 0, 15 do
    if lane == 0 or bit.band(used, 2 ^ lane) ~= 0 then call('UNLINK', of('r' .. lane, q), of('o' .. lane, q), of('d' .. lane, q)) end
  end
  call('HDEL', B .. 'p', q)
  call('HDEL', B .. 'b', q)
  call('HDEL', B .. 'd', q)
  call('ZREM', B .. 'n', q)
  fade(q)
  call('PEXPIRE', B, ${forgetMs})
  return count`,
);
