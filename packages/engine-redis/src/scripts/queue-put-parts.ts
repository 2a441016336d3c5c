import { bring, largest, spread } from './queue-parts.ts';

/**
 * Gathers messages for a queue, and brings them there. A list that was empty before may be that of a new queue.
 *
 * A number that Redis is handed costs a microsecond to be written down, so all but the last digit of a sequence is kept for the next.
 */
export const gather: string = `
${bring}
${spread}
${largest}
local messages, lists, names, memories, isNew = {}, {}, {}, {}, false
local messageWords, nameWords, memoryWords, tens, tensText, longest = 0, 0, 0, -1, nil, 0
local function add(seq, s, record)
  local digit = seq % 10
  if seq - digit ~= tens then
    tens = seq - digit
    tensText = string.format('%d', tens / 10)
  end
  messages[messageWords + 1] = tensText .. char(48 + digit)
  messages[messageWords + 2] = s .. record
  messageWords = messageWords + 2
  if #record > longest then longest = #record end
end
local function ready(seq, s, record)
  add(seq, s, record)
  local lane = byte(record) % 16
  local list = lists[lane]
  if not list then
    list = {n = 0}
    lists[lane] = list
  end
  list.n = list.n + 1
  list[list.n] = s
end
local function name(s, id)
  names[nameWords + 1] = id
  names[nameWords + 2] = s
  nameWords = nameWords + 2
end
local function flush(q)
  if messageWords == 0 then return end
  bring('ZADD', of('m', q), messages, messageWords)
  spread('HSET', of('i', q), 'HDEL', names, nameWords)
  bring('ZADD', of('f', q), memories, memoryWords)
  for lane, list in pairs(lists) do
    local size = bring('RPUSH', of('r' .. lane, q), list, list.n)
    if size == list.n then isNew = true end
    mark(q, lane)
  end
  if isNew then call('ZADD', B .. 'n', 'NX', 0, q) end
  enlarge(q, longest)
  messages, lists, names, memories, isNew = {}, {}, {}, {}, false
  messageWords, nameWords, memoryWords, longest = 0, 0, 0, 0
  notify(q)
end
`;

/** Takes in a message whose id is free. */
export const enter = `
local function admit(q, s, key, max)
  local out = tonumber(call('HGET', of('k', q), key) or 0)
  local isFirst = out == 0 or (out < max and #call('ZRANGEBYLEX', of('h', q), '[' .. key .. '\\0', '(' .. key .. '\\1', 'LIMIT', 0, 1) == 0)
  if isFirst then call('HSET', of('k', q), key, out + 1) else call('ZADD', of('h', q), 0, key .. '\\0' .. s) end
  return isFirst
end
local function enter(q, record, id, key, max, at)
  local seq = raise()
  local s = pack('>d', seq)
  if id then name(s, id) end
  local isOut = not key or admit(q, s, key, max)
  if isOut and not at then
    ready(seq, s, record)
    return s
  end
  isNew = true
  add(seq, s, record)
  if isOut then wait(q, s, byte(record) % 16, at) end
  return s
end
`;

/** Forgets ids whose time has come, so many at most: more than are remembered in the same step. */
export const forgetIds = `
local function forgetIds(q, max)
  local old = math.min(call('ZCOUNT', of('f', q), '-inf', nowMs), max)
  if old > 0 then call('ZREMRANGEBYRANK', of('f', q), 0, old - 1) end
end
`;

/** Takes in a message with a key or times of its own. The time it is ready stands behind its flags from then on. */
export const special: string = `
local function special(q, record, id, times)
  local flags, at = byte(record), nil
  if flags >= 128 then
    local ready, delay = unpk('>dd', times)
    if delay > 0 then at = now + delay * 1000 end
    if ready > nowMs then at = ready * 1000 end
    flags = flags - 128
  end
  local key, max
  if flags % 64 >= 32 then key, max = unpk('>I2c0d', record, id and 4 + #id or 2) end
  local head = at and char(flags + 128) .. pack('>d', at) or char(flags)
  return enter(q, head .. sub(record, 2), id, key, max, at)
end
`;

/** Finds out which ids are known, of those that are there and those that are remembered. */
export const look: string = `
${forgetIds}
local function look(q, ids, count)
  local known = {}
  forgetIds(q, count + 500)
  for from = 1, count, 2000 do
    local last = math.min(from + 1999, count)
    local taken = call('HMGET', of('i', q), unpack(ids, from, last))
    local untilMs = call('ZMSCORE', of('f', q), unpack(ids, from, last))
    for i = 1, last - from + 1 do
      if taken[i] or (untilMs[i] and tonumber(untilMs[i]) > nowMs) then known[ids[from + i - 1]] = true end
    end
  end
  return known
end
`;

/**
 * Takes in what a client sends: each message with its length and its record without a sequence; where its flags have 128 the time it is
 * ready and its delay, and where they have 16 how long its id is remembered, in ms, each -1 for none. What ids are known already is
 * looked up for all of them at once. Wants `special` and `look`, or `define` that makes them. A duplicate is answered by 0.
 */
export const puts = `
local function puts(q, n, blob, p, given)
  local records, ids, idCount, known = {}, {}, 0, nil
  local from = p
  for i = 1, n do
    local record
    record, p = unpk('>I4c0', blob, p)
    records[i] = record
    local flags = byte(record)
    if flags >= 128 then p = p + 16 end
    if flags % 32 >= 16 then
      idCount = idCount + 1
      ids[idCount] = unpk('>I2c0', record, 2)
      p = p + 8
    end
  end
  local last, place, remember, memory = p, #given, nil, nil
  p, idCount = from, 0
  for i = 1, n do
    local record = records[i]
    local flags, id, times, s = byte(record), nil, nil, nil
    p = p + 4 + #record
    if flags >= 128 then
      times = sub(blob, p, p + 15)
      p = p + 16
    end
    if flags % 32 >= 16 then
      if not special then special, look = define() end
      if not known then known = look(q, ids, #ids) end
      idCount = idCount + 1
      id = ids[idCount]
      local after = sub(blob, p, p + 7)
      p = p + 8
      if after ~= remember then
        remember = after
        local ms = unpk('>d', after)
        memory = ms > 0 and string.format('%.17g', nowMs + ms)
      end
      if not known[id] then
        known[id] = true
        if memory then
          memories[memoryWords + 1] = memory
          memories[memoryWords + 2] = id
          memoryWords = memoryWords + 2
        end
      else s = '\\0\\0\\0\\0\\0\\0\\0\\0' end
    end
    if not s then
      if times or flags % 64 >= 32 then
        if not special then special, look = define() end
        s = special(q, record, id, times)
      else
        local seq = raise()
        s = pack('>d', seq)
        if id then name(s, id) end
        ready(seq, s, record)
      end
    end
    given[place + i] = s
  end
  flush(q)
  return last
end
`;
