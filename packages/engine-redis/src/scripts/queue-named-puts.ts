/**
 * Takes in a run of messages that have nothing but ids of their senders', a lane, and one time for which the ids are remembered in ms,
 * -1 for none. The client has put the ids into groups: for each its name and its last bytes, which are all different, and no group comes
 * twice. Behind them stands for each message the place of its last byte among all, or nothing where they are in order; then each message
 * as its length and its record without a sequence. So nothing is done for each id where a group is new, as most are whose sender counts.
 * A duplicate is answered by 0. Wants `idGroups`, `forgetIds` and `gather`.
 */
export const namedPuts = `
local function knownIn(groups, taken, remembered)
  local known, i = nil, 0
  for g, lasts in ipairs(groups) do
    local here, before = taken[g], remembered[g]
    for k = 1, (here or before) and #lasts or 0 do
      local last = sub(lasts, k, k)
      local untilMs = before and inGroup(before, last)
      if (here and inGroup(here, last)) or (untilMs and unpk('>d', untilMs) > nowMs) then
        known = known or {}
        known[i + k] = true
      elseif untilMs then before = without(before, last) end
    end
    remembered[g] = before
    i = i + #lasts
  end
  return known
end
local function widened(group, lasts, values)
  if not group then return lasts .. values end
  local n = #group / 9
  return sub(group, 1, n) .. lasts .. sub(group, n + 1) .. values
end
local function fileGroups(q, ms, names, groups, taken, remembered, known, byPlace)
  local here, before, ends, i = {}, {}, {}, 0
  local untilMs, text = pack('>d', nowMs + ms), string.format('%.17g', nowMs + ms)
  for g, lasts in ipairs(groups) do
    local first = i + 1
    i = i + #lasts
    local sequences
    if known then
      local kept, some = {}, {}
      for k = first, i do
        if not known[k] then
          kept[#kept + 1] = sub(lasts, k - first + 1, k - first + 1)
          some[#some + 1] = byPlace[k]
        end
      end
      lasts, sequences = table.concat(kept), table.concat(some)
    else sequences = table.concat(byPlace, '', first, i) end
    if lasts ~= '' then
      local w = #here
      here[w + 1], here[w + 2] = names[g], widened(taken[g], lasts, sequences)
      before[w + 1], before[w + 2] = names[g], widened(remembered[g], lasts, string.rep(untilMs, #lasts))
      ends[w + 1], ends[w + 2] = text, names[g]
    end
  end
  bring('HSET', of('i', q), here, #here)
  if ms <= 0 then return end
  bring('HSET', of('g', q), before, #before)
  for w = 1, #ends, 2000 do call('ZADD', of('f', q), 'GT', unpack(ends, w, math.min(w + 1999, #ends))) end
end
local function namedPuts(q, n, blob, p, given)
  local names, groups, place, byPlace, ms, count, places = {}, {}, #given, {}, nil, nil, nil
  ms, count, p = unpk('>dI4', blob, p)
  for g = 1, count do names[g], groups[g], p = unpk('>I2c0I2c0', blob, p) end
  places, p = unpk('>I4c0', blob, p)
  forgetIds(q, count + 500)
  local taken, remembered = groupsOf(of('i', q), names), groupsOf(of('g', q), names)
  local known = knownIn(groups, taken, remembered)
  for i = 1, n do
    local record
    record, p = unpk('>I4c0', blob, p)
    local k = places == '' and i or unpk('>I4', places, 4 * i - 3) + 1
    if known and known[k] then given[place + i] = '\\0\\0\\0\\0\\0\\0\\0\\0'
    else
      local seq = raise()
      local s = pack('>d', seq)
      given[place + i], byPlace[k] = s, s
      ready(seq, s, record)
    end
  end
  fileGroups(q, ms, names, groups, taken, remembered, known, byPlace)
  flush(q)
  return p
end
`;
