/**
 * The ids that senders chose. They are kept in groups: all that differ in their last byte only, such as those that a sender counts. The
 * name of a group is what its ids have in common, and its value the last byte of each and then eight bytes for each, in the same order.
 * That takes a tenth of the memory of an entry for each id, and a batch has a few of them. A group has 256 ids at most.
 */

/** Groups: those of many ids, each with the places where its ids stand, and what a group has for one. */
export const idGroups = `
local function grouped(ids, count)
  local names, lists, byName, name, list = {}, {}, {}, nil, nil
  for i = 1, count do
    local next = sub(ids[i], 1, -2)
    if next ~= name then
      name, list = next, byName[next]
      if not list then
        list = {n = 0}
        byName[name] = list
        names[#names + 1] = name
        lists[#names] = list
      end
    end
    list.n = list.n + 1
    list[list.n] = i
  end
  return names, lists
end
local function groupsOf(key, names)
  if #names <= 2000 then return call('HMGET', key, unpack(names)) end
  local groups = {}
  for from = 1, #names, 2000 do
    local some = call('HMGET', key, unpack(names, from, math.min(from + 1999, #names)))
    for i, group in ipairs(some) do groups[from + i - 1] = group end
  end
  return groups
end
local function inGroup(group, last)
  local n = #group / 9
  local k = string.find(group, last, 1, true)
  if k and k <= n then return sub(group, n + 8 * k - 7, n + 8 * k), k, n end
end
local function without(group, last)
  local value, k, n = inGroup(group, last)
  if not value then return group end
  return sub(group, 1, k - 1) .. sub(group, k + 1, n + 8 * k - 8) .. sub(group, n + 8 * k + 1)
end
`;

/** Notes what belongs to ids, over what was there. Wants `idGroups` and `bring`. Answers the groups. */
export const file = `
local function file(key, ids, values, count)
  local names, lists = grouped(ids, count)
  local groups, words = groupsOf(key, names), {}
  for g, list in ipairs(lists) do
    local group, lasts, these = groups[g] or '', {}, {}
    for i, index in ipairs(list) do
      local last = sub(ids[index], -1)
      if group ~= '' then group = without(group, last) end
      lasts[i], these[i] = last, values[index]
    end
    local n = #group / 9
    words[2 * g - 1] = names[g]
    words[2 * g] = sub(group, 1, n) .. table.concat(lasts) .. sub(group, n + 1) .. table.concat(these)
  end
  bring('HSET', key, words, #words)
  return names, lists
end
`;

/** Forgets which messages ids stand for. Wants `idGroups`. */
export const unname = `
local function unname(q, ids)
  local key = of('i', q)
  local names, lists = grouped(ids, #ids)
  local words, empty = {}, {}
  for g, group in ipairs(groupsOf(key, names)) do
    local n, places, count = group and #group / 9 or 0, {}, 0
    for _, index in ipairs(lists[g]) do
      local k = group and string.find(group, sub(ids[index], -1), 1, true)
      if k and k <= n and not places[k] then
        places[k] = true
        count = count + 1
      end
    end
    if count > 0 and count == n then empty[#empty + 1] = names[g]
    elseif count > 0 then
      local lasts, these, kept = {}, {}, 0
      for k = 1, n do
        if not places[k] then
          kept = kept + 1
          lasts[kept], these[kept] = sub(group, k, k), sub(group, n + 8 * k - 7, n + 8 * k)
        end
      end
      words[#words + 1] = names[g]
      words[#words + 1] = table.concat(lasts) .. table.concat(these)
    end
  end
  if #empty > 0 then call('HDEL', key, unpack(empty)) end
  if #words > 0 then call('HSET', key, unpack(words)) end
end
`;

/** Which message an id stands for. Wants `idGroups`. */
export const sequenceOf = `
local function sequenceOf(q, id)
  local group = call('HGET', of('i', q), sub(id, 1, -2))
  return group and (inGroup(group, sub(id, -1)))
end
`;

/** Forgets groups of ids whose time has come, so many at most: more than are remembered in the same step. */
export const forgetIds = `
local function forgetIds(q, max)
  local f = of('f', q)
  local old = call('ZRANGEBYSCORE', f, '-inf', nowMs, 'LIMIT', 0, max)
  for from = 1, #old, 2000 do
    local last = math.min(from + 1999, #old)
    call('ZREM', f, unpack(old, from, last))
    call('HDEL', of('g', q), unpack(old, from, last))
  end
end
`;

/**
 * Lets the remembered ids of a queue that holds nothing any more go by themselves, when the last has come to its end: nobody may ever ask
 * for the queue again. The next message takes that back.
 */
export const fade = `
local function fade(q)
  local last = call('ZRANGE', of('f', q), -1, -1, 'WITHSCORES')[2]
  if not last then return end
  local atMs = string.format('%d', math.ceil(tonumber(last)))
  call('PEXPIREAT', of('f', q), atMs)
  call('PEXPIREAT', of('g', q), atMs)
end
`;

/** Finds out which ids are known, of those that are there and those that are remembered. Wants `idGroups` and `forgetIds`. */
export const look = `
local function look(q, ids, count)
  local known = {}
  forgetIds(q, count + 500)
  local names, lists = grouped(ids, count)
  local taken, remembered = groupsOf(of('i', q), names), groupsOf(of('g', q), names)
  for g, list in ipairs(lists) do
    local here, before = taken[g], remembered[g]
    if here or before then
      for _, index in ipairs(list) do
        local last = sub(ids[index], -1)
        local untilMs = before and inGroup(before, last)
        if (here and inGroup(here, last)) or (untilMs and unpk('>d', untilMs) > nowMs) then known[ids[index]] = true end
      end
    end
  end
  return known
end
`;
