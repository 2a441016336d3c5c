import {
  before,
  begin,
  clockUnlessKnown,
  count,
  deleteLone,
  forget,
  holds,
  isLogged,
  leaveIndex,
  nextRevision,
  tell,
  tellOf,
  watched,
  write,
} from './parts.ts';
import { defineScript, type Script } from './script.ts';

/** 2 the condition, 3 the record's tail. Answers the revision, with the creation where that is older. */
export const putScript: Script = defineScript(
  begin(4),
  `local key = A[1]
  local entry = call('HGET', P, key)`,
  holds('A[2]'),
  `if not holds then return {'X', entry} end
  local isNew = not entry`,
  nextRevision,
  `local record = (created or r) .. ' ' .. r .. ' ' .. A[3]`,
  count,
  watched,
  isLogged,
  write('key, record', `key .. '\\0' .. record`),
  tellOf('p', 'record'),
  `if isNew then return rev end
  return {rev, tonumber(created)}`,
);

/** 2 the condition. Answers the revision and the record that is gone. */
export const deleteScript: Script = defineScript(
  deleteLone,
  begin(3, undefined, clockUnlessKnown),
  `local key = A[1]
  local entry = call('HGET', P, key)`,
  holds('A[2]'),
  `if not holds then return {'X', entry} end`,
  nextRevision,
  `n = n - 1
  if number and not old then m = m + 1 end
  if x == 1 then
    call('ZREM', P .. ':o', key)
    ${leaveIndex}
  end`,
  // With a session there is somebody to clear away later, and a lock that comes and goes need not count on it each time.
  `if n == 0 and m == 0 and string.find(entry, '^%d+ %d+ 0 ') then
    ${forget}
  end`,
  watched,
  `call('HDEL', P, key)`,
  write('', `key .. '\\0' .. r .. ' ' .. entry`),
  tellOf('d', 'entry'),
  `return {rev, entry}`,
);

/**
 * 2 what is added. Answers the revision and the sum.
 *
 * Lua's numbers are exact up to 2^53 only, so what is longer is left to Redis itself, which counts in 64 bits, in a field that is
 * there for that alone.
 */
export const addScript: Script = defineScript(
  begin(3),
  `local key = A[1]
  local entry = call('HGET', P, key)
  local created, session, value = false, '0 ', '0'
  if entry then
    local length, at
    created, length, at = string.match(entry, '^(%d+) %d+ (%d+) ()')
    session = length .. ' ' .. string.sub(entry, at, at + length - 1)
    value = string.sub(entry, at + length)
    if #value > 20 or not string.find(value, '^%-?%d+$') or (#value == 20 and string.byte(value) ~= 45) then
      return {'N', string.sub(value, 1, 200)}
    end
  end
  local sum
  if #value <= 15 and #A[2] <= 15 then
    sum = string.format('%d', value + A[2])
  else
    local sign, digits = string.match(value, '^(%-?)0*(%d*)$')
    if digits == '' then sign, digits = '', '0' end
    call('HSET', P, '\\0t', sign .. digits)
    local answer = redis.pcall('HINCRBY', P, '\\0t', A[2])
    if type(answer) == 'number' then sum = call('HGET', P, '\\0t') end
    call('HDEL', P, '\\0t')
    if not sum then return {'L'} end
  end
  local isNew = not entry`,
  nextRevision,
  `local record = (created or r) .. ' ' .. r .. ' ' .. session .. sum`,
  count,
  watched,
  isLogged,
  write('key, record', `key .. '\\0' .. r .. ' ' .. sum`),
  tellOf('p', 'record'),
  `return {rev, sum}`,
);

/**
 * 2 to 4 the session's, which may be empty here; 5 how many conditions; each key and condition; then for each write its kind (p or
 * d), key, and tail of a record.
 */
export const batchScript: Script = defineScript(
  begin(2).replace(
    'local old',
    "if field == '' then field = nil end\nif notAfter == '0' then notAfter = nil end\nlocal old",
  ),
  // What has a wrong type is found out before anything is changed.
  `if x == 1 then call('ZCARD', P .. ':o') end
  local i = 6
  for _ = 1, tonumber(A[5]) do
    local entry = call('HGET', P, A[i])
    ${holds('A[i + 1]')}
    if not holds then return {'X', A[i], entry} end
    i = i + 2
  end
  local r = string.format('%d', rev)
  local isWrite = i <= #A
  if not isWrite and not number then return rev end
  if isWrite then
    ${nextRevision.replace('local r', 'r')}
  end
  local changes = {}
  while i <= #A do
    local key = A[i + 1]
    local entry = call('HGET', P, key)
    if A[i] == 'p' then
      local record = (entry and string.match(entry, '^%d+') or r) .. ' ' .. r .. ' ' .. A[i + 2]
      if not entry then
        n = n + 1
        if #key > longest then longest = #key end
        if x == 1 then call('ZADD', P .. ':o', r, key) end
      end
      call('HSET', P, key, record)
      changes[#changes + 1] = {'p', key, record}
    elseif entry then
      n = n - 1
      if x == 1 then call('ZREM', P .. ':o', key) end
      call('HDEL', P, key)
      changes[#changes + 1] = {'d', key, entry}
    end
    i = i + 3
  end
  ${leaveIndex}
  if number or n > 0 then
    local isNew, key = false, nil
    ${count}
  else
    ${forget}
  end`,
  watched,
  isLogged,
  write('', `A[1] .. '\\0' .. r`),
  tell,
  `local was = ${before}
  for _, change in ipairs(changes) do
    tell(change[1], was, r, change[2], change[3])
    was = struct.pack('<d', rev)
  end
  return rev`,
);
