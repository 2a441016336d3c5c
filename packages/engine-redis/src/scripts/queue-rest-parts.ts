/**
 * Messages that were sent to be ready later. They rest in groups of those that came together for one time, each the lane as a byte and
 * the sequences of its messages: an entry for each would take as much memory as a short message. When their time has come they are put
 * into their lanes, as those are that come back.
 */

/** How many messages a group has at most. */
const groupMax = 63;

/** Gathers messages that rest, and brings them there. Wants `bring`. */
export const rest: string = `
local rests, restCount = {}, 0
local function rest(s, lane, at)
  local group = rests[#rests]
  if not group or group.at ~= at or group.lane ~= lane or #group == ${groupMax} then
    group = {at = at, lane = lane}
    rests[#rests + 1] = group
  end
  group[#group + 1] = s
  restCount = restCount + 1
end
local function bringRests(q)
  local words = {}
  for i, group in ipairs(rests) do
    words[2 * i - 1] = string.format('%.17g', group.at)
    words[2 * i] = char(group.lane) .. table.concat(group)
  end
  bring('ZADD', of('d', q), words, #words)
  call('HINCRBY', B .. 'd', q, restCount)
  rests, restCount = {}, 0
end
`;

/** Puts messages into their lanes whose time has come: so many, and the rest of a group. Wants `mark`. */
export const rise = `
local function rise(q, max)
  local due = call('ZRANGEBYSCORE', of('d', q), '-inf', now, 'WITHSCORES', 'LIMIT', 0, max)
  local groups, lanes, count = {}, {}, 0
  for i = 1, #due, 2 do
    if count >= max then break end
    local group, at = due[i], due[i + 1]
    groups[#groups + 1] = group
    local lane = byte(group)
    local words = lanes[lane] or {}
    lanes[lane] = words
    for p = 2, #group, 8 do
      words[#words + 1] = at
      words[#words + 1] = sub(group, p, p + 7)
      count = count + 1
    end
  end
  if count == 0 then return end
  call('ZREM', of('d', q), unpack(groups))
  call('HINCRBY', B .. 'd', q, -count)
  for lane, words in pairs(lanes) do
    mark(q, lane)
    for i = 1, #words, 2000 do call('ZADD', of('o' .. lane, q), unpack(words, i, math.min(i + 1999, #words))) end
  end
end
`;

/**
 * Takes a message out that may rest until a time. Groups of one time stand in the order of their lanes and sequences, so it is looked
 * for by halving.
 */
export const unrest = `
local function unrest(q, s, lane, at)
  local d, text, seq = of('d', q), string.format('%.17g', at), unpk('>d', s)
  local first, low, high = call('ZCOUNT', d, '-inf', '(' .. text), 0, call('ZCOUNT', d, text, text)
  local group
  while low < high do
    local middle = math.floor((low + high) / 2)
    local each = call('ZRANGE', d, first + middle, first + middle)[1]
    local its = byte(each)
    if its < lane or (its == lane and unpk('>d', each, 2) <= seq) then
      group = each
      low = middle + 1
    else high = middle end
  end
  if not group then return end
  for p = 2, #group, 8 do
    if sub(group, p, p + 7) == s then
      call('ZREM', d, group)
      call('HINCRBY', B .. 'd', q, -1)
      if #group > 9 then call('ZADD', d, text, sub(group, 1, p - 1) .. sub(group, p + 8)) end
      return
    end
  end
end
`;
