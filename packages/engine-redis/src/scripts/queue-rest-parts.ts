/**
 * Messages that were sent to be ready later. They rest in groups of those of a lane that came together for one time, each the sequences of
 * its messages: an entry for each would take as much memory as a short message. When their time has come they are put into their lanes,
 * as those are that come back.
 */

/** How many messages a group has at most. */
const groupMax = 63;

/** How many groups are looked at in one step: they may be of one message, or full. */
const stepMax = 64;

/** Gathers messages that rest, and brings them there. Wants `bring` and `mark`. */
export const rest: string = `
local rests, restCount = {}, 0
local function rest(s, lane, at)
  local groups = rests[lane]
  if not groups then
    groups = {}
    rests[lane] = groups
  end
  local group = groups[#groups]
  if not group or group.at ~= at or #group == ${groupMax} then
    group = {at = at}
    groups[#groups + 1] = group
  end
  group[#group + 1] = s
  restCount = restCount + 1
end
local function bringRests(q)
  for lane, groups in pairs(rests) do
    local words = {}
    for i, group in ipairs(groups) do
      words[2 * i - 1] = string.format('%.17g', group.at)
      words[2 * i] = table.concat(group)
    end
    bring('ZADD', of('d' .. lane, q), words, #words)
    mark(q, lane)
  end
  call('HINCRBY', B .. 'd', q, restCount)
  rests, restCount = {}, 0
end
`;

/** Puts messages of a lane there whose time has come: so many, and the rest of a group. Answers how many they were. */
export const rise: string = `
local function rise(q, lane, max)
  local d, o, count = of('d' .. lane, q), of('o' .. lane, q), 0
  while count < max do
    local due = call('ZRANGEBYSCORE', d, '-inf', now, 'WITHSCORES', 'LIMIT', 0, ${stepMax})
    local words, groups, at = {}, 0, 1
    while due[at] and count < max do
      local group = due[at]
      for p = 1, #group, 8 do
        words[#words + 1] = due[at + 1]
        words[#words + 1] = sub(group, p, p + 7)
      end
      count = count + #group / 8
      groups = groups + 1
      at = at + 2
    end
    if groups == 0 then break end
    call('ZREMRANGEBYRANK', d, 0, groups - 1)
    for i = 1, #words, 2000 do call('ZADD', o, unpack(words, i, math.min(i + 1999, #words))) end
  end
  if count > 0 then call('HINCRBY', B .. 'd', q, -count) end
  return count
end
`;

/** Takes a message out that may rest until a time. Groups of one time stand in the order of their sequences, so it is looked for by halving. */
export const unrest = `
local function unrest(q, s, lane, at)
  local d, text, seq = of('d' .. lane, q), string.format('%.17g', at), unpk('>d', s)
  local first, low, high = call('ZCOUNT', d, '-inf', '(' .. text), 0, call('ZCOUNT', d, text, text)
  local group
  while low < high do
    local middle = math.floor((low + high) / 2)
    local each = call('ZRANGE', d, first + middle, first + middle)[1]
    if unpk('>d', each) <= seq then
      group = each
      low = middle + 1
    else high = middle end
  end
  if not group then return end
  for p = 1, #group, 8 do
    if sub(group, p, p + 7) == s then
      call('ZREM', d, group)
      call('HINCRBY', B .. 'd', q, -1)
      if #group > 8 then call('ZADD', d, text, sub(group, 1, p - 1) .. sub(group, p + 8)) end
      return
    end
  end
end
`;
