import {
  begin,
  count,
  enqueueFirst,
  enqueueLone,
  isQueued,
  look,
  nextRevision,
  readLone,
  tellOf,
  watched,
  write,
} from './parts.ts';
import { defineScript, type Script } from './script.ts';

/** How many keys are looked at in one step along an index. The first is as long as what is asked for, which mostly is enough. */
const step = 128;

/** The keys and records of the first entry under a prefix and of the last that was created before a revision. */
const neighbours = `
local function neighbours(prefix, before)
  local head, predecessor, headCreated, predecessorCreated
  if x == 0 then
    local all = call('HGETALL', P)
    for i = 1, #all, 2 do
      if string.sub(all[i], 1, #prefix) == prefix then
        local created = tonumber(string.match(all[i + 1], '^%d+'))
        if created < before then
          if not head or created < headCreated then head, headCreated = i, created end
          if not predecessor or created > predecessorCreated then predecessor, predecessorCreated = i, created end
        end
      end
    end
    if not head then return end
    return all[head], all[head + 1], all[predecessor], all[predecessor + 1]
  end
  local function first(command, from, to)
    local offset, size = 0, 1
    while true do
      local keys = call(command, P .. ':o', from, to, 'LIMIT', offset, size)
      for _, key in ipairs(keys) do
        if string.sub(key, 1, #prefix) == prefix then return key end
      end
      if #keys < size then return nil end
      offset, size = offset + size, ${step}
    end
  end
  local limit = string.format('(%d', before)
  predecessor = first('ZREVRANGEBYSCORE', limit, '-inf')
  if not predecessor then return end
  head = first('ZRANGEBYSCORE', '-inf', limit)
  local records = call('HMGET', P, head, predecessor)
  return head, records[1], predecessor, records[2]
end
`;

/**
 * 1 the prefix, 2 the record's tail. Answers the revision, and where somebody stands before it the first and the one directly
 * before, each as key and record.
 */
export const enqueueScript: Script = defineScript(
  enqueueLone,
  begin(
    3,
    `
    ${neighbours}
    return {'R', key, result, neighbours(A[1], tonumber(string.match(result, '^%d+')))}
  `,
  ),
  nextRevision,
  `local key = A[1] .. (#r == 16 and r or string.format('%016d', rev))
  local isNew, head, headRecord, predecessor, predecessorRecord = true, nil, nil, nil, nil
  if n > 0 then
    while call('HEXISTS', P, key) == 1 do
      rev = rev + 1
      r = string.format('%d', rev)
      key = A[1] .. string.format('%016d', rev)
    end
    ${neighbours}
    head, headRecord, predecessor, predecessorRecord = neighbours(A[1], rev)
  end
  local record = r .. ' ' .. r .. ' ' .. A[2]`,
  enqueueFirst,
  count,
  watched,
  isQueued,
  write('key, record', `key .. '\\0' .. record`),
  tellOf('p', 'record'),
  `if not head then return rev end
  return {rev, head, headRecord, predecessor, predecessorRecord}`,
);

/** 1 the prefix, 2 the revision before which, or nothing; 3 whether the newest come first; 4 how many. */
export const listScript: Script = defineScript(`
  local P, A, call = KEYS[1], ARGV, redis.call
  local prefix, limit = A[1], tonumber(A[4])
  ${look}
  ${readLone}
  local answer = {rev}
  if n == 0 then return answer end
  if lone then
    local isBefore = A[2] == '' or tonumber(string.match(loneRecord, '^%d+')) < tonumber(A[2])
    if isBefore and string.sub(loneKey, 1, #prefix) == prefix then return {rev, loneKey, loneRecord} end
    return answer
  end
  local newest = A[3] == '1'
  if x == 0 then
    local before = A[2] ~= '' and tonumber(A[2])
    local all, found = call('HGETALL', P), {}
    for i = 1, #all, 2 do
      if string.sub(all[i], 1, #prefix) == prefix then
        local created = tonumber(string.match(all[i + 1], '^%d+'))
        if not before or created < before then found[#found + 1] = {created, all[i], all[i + 1]} end
      end
    end
    -- Entries of one batch share a revision: like the index, by key.
    table.sort(found, function(one, other)
      if newest then one, other = other, one end
      return one[1] < other[1] or (one[1] == other[1] and one[2] < other[2])
    end)
    for i = 1, math.min(limit, #found) do
      answer[#answer + 1] = found[i][2]
      answer[#answer + 1] = found[i][3]
    end
    return answer
  end
  local bound = A[2] ~= '' and '(' .. A[2] or '+inf'
  local offset, size = 0, math.min(limit, ${step})
  while true do
    local keys
    if newest then keys = call('ZREVRANGEBYSCORE', P .. ':o', bound, '-inf', 'LIMIT', offset, size)
    else keys = call('ZRANGEBYSCORE', P .. ':o', '-inf', bound, 'LIMIT', offset, size) end
    local found = {}
    for _, key in ipairs(keys) do
      if string.sub(key, 1, #prefix) == prefix and #found < limit then found[#found + 1] = key end
    end
    if #found > 0 then
      local records = call('HMGET', P, unpack(found))
      for i, key in ipairs(found) do
        answer[#answer + 1] = key
        answer[#answer + 1] = records[i]
      end
      limit = limit - #found
    end
    if limit == 0 or #keys < size then return answer end
    offset, size = offset + size, ${step}
  end
`);
