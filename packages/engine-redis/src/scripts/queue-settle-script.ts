import { forgetIds, idGroups, look, unname } from './queue-id-parts.ts';
import { advance, begin, clear, drop, mark, notify, parse, resolve, revisions, wait } from './queue-parts.ts';
import { enter, gather, gatherOthers, puts, special } from './queue-put-parts.ts';
import { names, state } from './queue-state-parts.ts';
import { defineScript, type Script } from './script.ts';

/** Lays headers over others. Each is its name and its value, with their lengths. */
const merge = `
local function merge(old, new)
  local order, parts = {}, {}
  for _, headers in ipairs({old, new}) do
    local p = 1
    while p <= #headers do
      local from, name, _ = p, nil, nil
      name, p = unpk('>I4c0', headers, p)
      _, p = unpk('>I4c0', headers, p)
      if not parts[name] then order[#order + 1] = name end
      parts[name] = sub(headers, from, p - 1)
    end
  end
  for i, name in ipairs(order) do order[i] = parts[name] end
  return table.concat(order)
end
local function headersOf(h, m, p)
  if byte(h, 33) >= 64 then return sub(h, 36 + unpk('>I2', h, 34)) end
  return byte(m, 9) % 128 >= 64 and (unpk('>I4c0', m, p)) or ''
end
`;

const release = `
local function release(q, s, h, delay, headers, taken)
  local deliveries, attempts, _, flags, length = unpk('>I4I4dBI2', h, 17)
  local owned = sub(h, 36, 35 + length)
  local laid, whole = sub(h, 36 + length), 0
  if headers ~= '' then
    local m = messageOf(q, s)
    local _, _, _, _, _, p = parse(m)
    laid = merge(headersOf(h, m, p), headers)
    flags = flags % 64 + 64
    whole = #m + #laid
  end
  local token = raise()
  local place = delay > 0 and now + delay * 1000 or placeOf(token)
  -- First what needs no memory: nothing after that is refused for want of it.
  call('ZREM', unpk('>d', h, 9) > 0 and of('e', q) or of('o' .. flags % 16, q), s)
  local left = math.max(0, attempts - taken)
  call('HSET', of('l', q), s, pack('>ddI4I4dBI2', token, 0, deliveries, left, place, flags, length) .. owned .. laid)
  wait(q, s, flags % 16, place)
  enlarge(q, whole)
  notify(q)
end
`;

const move = `
local function move(q, s, h, target, added)
  local m = messageOf(q, s)
  local flags, _, id, key, max, p = parse(m)
  local headers = headersOf(h, m, p)
  if added ~= '' then headers = merge(headers, added) end
  if flags % 128 >= 64 then p = p + 4 + unpk('>I4', m, p) end
  drop(q, s, h, m)
  id = id or string.format('~%x', unpk('>d', s))
  if sequenceOf(target, id) then id = nil end
  local record = char(flags % 16 + (id and 16 or 0) + (key and 32 or 0) + (headers ~= '' and 64 or 0))
  if id then record = record .. pack('>I2', #id) .. id end
  if key then record = record .. pack('>I2', #key) .. key .. pack('>d', max) end
  if headers ~= '' then record = record .. pack('>I4', #headers) .. headers end
  enter(target, record .. sub(m, p), id, key, max)
  flush(target)
end
`;

/** What comes with a settlement: whether its state writes are allowed, and their carrying out. */
const follow = `
local function allowed(blob, p)
  local n, writes = nil, {}
  n, p = unpk('>I4', blob, p)
  local isAllowed = true
  for i = 1, n do
    local write = {}
    write.key, write.version, write.expiresAt, write.isThere, p = unpk('>I2c0ddB', blob, p)
    if write.isThere == 1 then write.value, p = unpk('>I4c0', blob, p) end
    if write.version >= 0 then
      local _, version = stateOf(write.key)
      if version ~= write.version then isAllowed = false end
    end
    writes[i] = write
  end
  return isAllowed, writes, p
end
local function follow(writes, blob, p, last)
  while p < last do
    local q, n
    q, n, p = unpk('>I2c0I4', blob, p)
    p = puts(q, n, blob, p, {})
  end
  if #writes > 0 then expireStates() end
  for _, write in ipairs(writes) do writeState(write.key, write.value, write.expiresAt) end
end
`;

/**
 * Acknowledges many that are named by sequence, and says which of them must be looked at one by one: those that are not found so, and
 * those with a key. Where nothing else lies between them they are taken out in one step.
 */
const acknowledge = `
local function removeAll(q, sequences, count)
  local first, last, m = math.huge, 0, of('m', q)
  for i = 1, count do
    local seq = sequences[i]
    if seq < first then first = seq end
    if seq > last then last = seq end
  end
  if count > 1 then
    first, last = string.format('%d', first), string.format('%d', last)
    if call('ZCOUNT', m, first, last) == count then
      call('ZREMRANGEBYSCORE', m, first, last)
      return
    end
  end
  for i = 1, count do call('ZREMRANGEBYSCORE', m, sequences[i], sequences[i]) end
end
local function acknowledge(q, names, tokens, ids)
  local records, left = call('HMGET', of('l', q), unpack(names)), {}
  local ended, leased, sequences, named, seen = {}, {}, {}, {}, {}
  local count, leasedCount, namedCount = 0, 0, 0
  for i, s in ipairs(names) do
    local h, id = records[i], ids[i]
    if seen[s] or not h or sub(h, 1, 8) ~= tokens[i] or byte(h, 33) % 64 >= (id == '' and 16 or 32) then left[#left + 1] = i
    else
      seen[s] = true
      count = count + 1
      ended[count] = s
      sequences[count] = unpk('>d', s)
      if id ~= '' then
        namedCount = namedCount + 1
        named[namedCount] = id
      end
      -- The end of a lease that is not 0 does not begin with 0 as a double.
      if byte(h, 9) > 0 then
        leasedCount = leasedCount + 1
        leased[leasedCount] = s
      else call('ZREM', of('o' .. byte(h, 33) % 16, q), s) end
    end
  end
  if count > 0 then
    call('HDEL', of('l', q), unpack(ended))
    if leasedCount > 0 then call('ZREM', of('e', q), unpack(leased)) end
    if namedCount > 0 then
      ${idGroups}
      ${unname}
      unname(q, named)
    end
    removeAll(q, sequences, count)
    emptied[q] = true
  end
  return left
end
`;

/**
 * Ends leases. 1 the settlements: for each run of a queue's its name and how many follow; each is its kind (0 acknowledge, 1 release,
 * 2 move, 3 release of one that has not started, which takes an attempt back; 16 more where it is named by id, 32 where something comes with it), its message, its token; the delay or the target, and
 * headers; the length of what comes with it, state writes and messages. A queue's name with NUL behind it stands for a run of nothing but
 * acknowledgements by sequence, each with the id behind it if that was its sender's. Answers a letter for each: applied, lost, conflict.
 */
export const settleScript: Script = defineScript(
  begin,
  revisions,
  clear,
  acknowledge,
  // All but acknowledgements by sequence waits until it is needed.
  'local blob, p, results = A[1], 1, {}',
  'local function define()',
  parse,
  notify,
  mark,
  wait,
  idGroups,
  unname,
  drop,
  gather,
  gatherOthers,
  enter,
  'local define',
  special,
  forgetIds,
  look,
  puts,
  resolve,
  names,
  state,
  merge,
  release,
  move,
  follow,
  `local function settle(q)
    local kind = byte(blob, p)
    local action = kind % 16
    local s, h, token, delay, target, headers, from, size
    s, h, p = resolve(q, kind % 32 >= 16, blob, p + 1)
    token, p = unpk('>d', blob, p)
    if action % 2 == 1 then delay, headers, p = unpk('>dI4c0', blob, p)
    elseif action == 2 then target, headers, p = unpk('>I2c0I4c0', blob, p) end
    local writes = {}
    if kind >= 32 then
      size, from = unpk('>I4', blob, p)
      p = from + size
    end
    if not h or unpk('>d', h) ~= token then return 'l' end
    if from then
      local isAllowed
      isAllowed, writes, from = allowed(blob, from)
      if not isAllowed then return 'c' end
    end
    if action == 0 then drop(q, s, h)
    elseif action == 2 then move(q, s, h, target, headers)
    else release(q, s, h, delay, headers, action == 3 and 1 or 0) end
    if from then follow(writes, blob, from, p) end
    return 'a'
  end
  return settle
  end
  local settle
  while p <= #blob do
    local q, n
    q, n, p = unpk('>I2c0I4', blob, p)
    if byte(q, -1) == 0 then
      q = sub(q, 1, -2)
      local names, tokens, ids, starts, before = {}, {}, {}, {}, #results
      for i = 1, n do
        starts[i] = p
        names[i], tokens[i] = sub(blob, p + 1, p + 8), sub(blob, p + 9, p + 16)
        ids[i], p = unpk('>I2c0', blob, p + 17)
        results[before + i] = 'a'
      end
      local last = p
      for _, i in ipairs(acknowledge(q, names, tokens, ids)) do
        p = starts[i]
        settle = settle or define()
        results[before + i] = settle(q)
      end
      p = last
    else
      settle = settle or define()
      for i = 1, n do results[#results + 1] = settle(q) end
    end
  end
  keep()
  clear()
  return table.concat(results)`,
);

/**
 * Moves leases' ends. 1 the leases, as of settlements, of kind 0 or 16; 2 for how many ms from now, 3 whether to charge an attempt.
 * Answers a letter for each.
 */
export const extendScript: Script = defineScript(
  begin,
  idGroups,
  resolve,
  `local blob, p, results = A[1], 1, {}
  local untilMs, charge = nowMs + A[2], tonumber(A[3])
  local function extend(q)
    local s, h, token
    s, h, p = resolve(q, byte(blob, p) % 32 >= 16, blob, p + 1)
    token, p = unpk('>d', blob, p)
    if not h or unpk('>d', h) ~= token then return 'l' end
    local before, deliveries, attempts = unpk('>dI4I4', h, 9)
    -- First what needs no memory: nothing after that is refused for want of it.
    call('ZREM', before > 0 and of('e', q) or of('o' .. byte(h, 33) % 16, q), s)
    call('HSET', of('l', q), s, sub(h, 1, 8) .. pack('>dI4I4', untilMs, deliveries, attempts + charge) .. sub(h, 25))
    call('ZADD', of('e', q), untilMs, s)
    return 'a'
  end
  while p <= #blob do
    local q, n
    q, n, p = unpk('>I2c0I4', blob, p)
    for i = 1, n do results[#results + 1] = extend(q) end
  end
  return table.concat(results)`,
);

/** Puts the leases of an owner back before their ends. 1 the queue, 2 the owner. Answers how many there were. */
export const abandonScript: Script = defineScript(
  begin,
  notify,
  mark,
  wait,
  advance,
  `local q, owner, count = A[1], A[2], 0
  local leased = call('ZRANGE', of('e', q), 0, -1)
  for i = 1, #leased, 500 do
    local some = {unpack(leased, i, math.min(i + 499, #leased))}
    for j, h in ipairs(call('HMGET', of('l', q), unpack(some))) do
      if sub(h, 36, 35 + unpk('>I2', h, 34)) == owner then
        if unpk('>d', h, 9) > nowMs then count = count + 1 end
        call('ZREM', of('e', q), some[j])
        comeBack(q, some[j], h)
      end
    end
  end
  if count > 0 then notify(q) end
  return count`,
);
