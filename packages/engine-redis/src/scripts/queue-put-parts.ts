import { file } from './queue-id-parts.ts';
import { bring, largest } from './queue-parts.ts';
import { rest } from './queue-rest-parts.ts';

/**
 * Gathers messages for a queue, and brings them there. A list that was empty before may be that of a new queue.
 *
 * A number that Redis is handed costs a microsecond to be written down, so all but the last digit of a sequence is kept for the next.
 */
export const gather: string = `
${bring}
${largest}
local messages, lists, isNew, bringOthers = {}, {}, false, nil
local messageWords, tens, tensText, longest = 0, -1, nil, 0
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
local function flush(q)
  if messageWords == 0 then return end
  bring('ZADD', of('m', q), messages, messageWords)
  if bringOthers then bringOthers(q) end
  for lane, list in pairs(lists) do
    local size = bring('RPUSH', of('r' .. lane, q), list, list.n)
    if size == list.n then isNew = true end
    mark(q, lane)
  end
  if isNew and call('ZADD', B .. 'n', 'NX', 0, q) == 1 then
    call('PERSIST', of('f', q))
    call('PERSIST', of('g', q))
  end
  enlarge(q, longest)
  messages, lists, isNew = {}, {}, false
  messageWords, longest = 0, 0
  notify(q)
end
`;

/** Gathers ids, memories and messages that rest, and brings them with the others. Wants `gather` and `idGroups`. */
export const gatherOthers: string = `
${file}
${rest}
local ids, sequences, memoryIds, memoryEnds, memoryTexts = {}, {}, {}, {}, {}
local idCount, memoryCount = 0, 0
local function name(s, id)
  idCount = idCount + 1
  ids[idCount], sequences[idCount] = id, s
end
local function remember(id, untilMs, text)
  memoryCount = memoryCount + 1
  memoryIds[memoryCount], memoryEnds[memoryCount], memoryTexts[memoryCount] = id, untilMs, text
end
local function bringMemories(q)
  local names, lists = file(of('g', q), memoryIds, memoryEnds, memoryCount)
  local words, count = {}, 0
  for g, list in ipairs(lists) do
    local before
    for _, index in ipairs(list) do
      local text = memoryTexts[index]
      if text ~= before then
        before = text
        words[count + 1], words[count + 2] = text, names[g]
        count = count + 2
      end
    end
  end
  for i = 1, count, 2000 do call('ZADD', of('f', q), 'GT', unpack(words, i, math.min(i + 1999, count))) end
end
function bringOthers(q)
  if idCount > 0 then file(of('i', q), ids, sequences, idCount) end
  if memoryCount > 0 then bringMemories(q) end
  if restCount > 0 then bringRests(q) end
  ids, sequences, memoryIds, memoryEnds, memoryTexts = {}, {}, {}, {}, {}
  idCount, memoryCount = 0, 0
end
`;

/** Takes in a message whose id is free. Wants `gatherOthers`. */
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
  if isOut then rest(s, byte(record) % 16, at) end
  return s
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

/**
 * Takes in what a client sends: each message with its length and its record without a sequence; where its flags have 128 the time it is
 * ready and its delay, and where they have 16 how long its id is remembered, in ms, each -1 for none. What ids are known already is
 * looked up for all of them at once. Wants `special`, `look`, `name` and `remember`, or `define` that makes them. A duplicate is answered
 * by 0.
 */
export const puts = `
local function puts(q, n, blob, p, given)
  local records, asked, askedCount, known = {}, {}, 0, nil
  local from = p
  for i = 1, n do
    local record
    record, p = unpk('>I4c0', blob, p)
    records[i] = record
    local flags = byte(record)
    if flags >= 128 then p = p + 16 end
    if flags % 32 >= 16 then
      askedCount = askedCount + 1
      asked[askedCount] = unpk('>I2c0', record, 2)
      p = p + 8
    end
  end
  local last, place, memory, text, untilMs = p, #given, nil, nil, nil
  p, askedCount = from, 0
  for i = 1, n do
    local record = records[i]
    local flags, id, times, s = byte(record), nil, nil, nil
    p = p + 4 + #record
    if flags >= 128 then
      times = sub(blob, p, p + 15)
      p = p + 16
    end
    if flags % 32 >= 16 then
      if not special then special, look, name, remember = define() end
      if not known then known = look(q, asked, #asked) end
      askedCount = askedCount + 1
      id = asked[askedCount]
      local after = sub(blob, p, p + 7)
      p = p + 8
      if after ~= memory then
        memory = after
        local ms = unpk('>d', after)
        text = ms > 0 and string.format('%.17g', nowMs + ms)
        untilMs = pack('>d', nowMs + ms)
      end
      if not known[id] then
        known[id] = true
        if text then remember(id, untilMs, text) end
      else s = '\\0\\0\\0\\0\\0\\0\\0\\0' end
    end
    if not s then
      if times or flags % 64 >= 32 then
        if not special then special, look, name, remember = define() end
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
