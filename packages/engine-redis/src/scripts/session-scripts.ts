import { clock, forget, isLogged, leaveIndex, read, state, tell, watched } from './parts.ts';
import { defineScript, type Script } from './script.ts';

/**
 * Sessions stand in a sorted set by their deadline in µs of the server's clock. One that is dead has a deadline that has passed,
 * or a negative one, which no clock that is set back brings to life again. It stays until its deadline would have passed and every
 * partition that it left something in is swept, so that a request that was under way leaves nothing behind.
 *
 * KEYS[1] is that set in all but the last script.
 */

const now = `
local K, A, call = KEYS[1], ARGV, redis.call
${clock}
`;

const deadline = `
local deadline = call('ZSCORE', K, A[1])
deadline = deadline and tonumber(deadline)
if deadline and deadline > 0 and deadline <= now then
  deadline = -deadline
  call('ZADD', K, string.format('%d', deadline), A[1])
end
`;

/** 1 the session, 2 its time to live in µs. Answers its deadline. */
export const openSessionScript: Script = defineScript(
  now,
  `local deadline = now + A[2]
  if call('ZADD', K, 'NX', string.format('%d', deadline), A[1]) == 0 then return redis.error_reply('ERR session id used twice') end
  return deadline`,
);

/** The same. Answers the new deadline, or 0 where it is dead. */
export const renewSessionScript: Script = defineScript(
  now,
  deadline,
  `if not deadline or deadline < 0 then return 0 end
  deadline = now + A[2]
  call('ZADD', K, string.format('%d', deadline), A[1])
  return deadline`,
);

/** 1 the session, 2 a partition that it will leave something in. Answers its deadline, 0 where it is dead. */
export const enterPartitionScript: Script = defineScript(
  now,
  deadline,
  `if not deadline or deadline < 0 then return 0 end
  call('SADD', K .. ':p:' .. A[1], A[2])
  return deadline`,
);

/** 1 the session. Answers how many µs it has left, 0 where it is dead. */
export const observeSessionScript: Script = defineScript(
  now,
  deadline,
  `if not deadline or deadline < 0 then return 0 end
  return deadline - now`,
);

/** 1 the session, 2 how many partitions at most. Ends it, tells its observers, and answers where it may have left something. */
export const endSessionScript: Script = defineScript(
  now,
  deadline,
  `if deadline and deadline > 0 then call('ZADD', K, string.format('%d', -deadline), A[1]) end
  call('PUBLISH', K .. ':e:' .. A[1], '')
  return call('SRANDMEMBER', K .. ':p:' .. A[1], A[2])`,
);

/**
 * 1 how many sessions at most, 2 how many partitions of each, 3 how many of those that were found before are passed over. Answers
 * dead sessions, each with partitions to sweep: first those whose deadline has just passed.
 */
export const deadSessionsScript: Script = defineScript(
  now,
  `local answer = {}
  local bound = string.format('%d', now)
  local function add(session)
    answer[#answer + 1] = {session, unpack(call('SRANDMEMBER', K .. ':p:' .. session, A[2]))}
  end
  local ended = call('ZRANGEBYSCORE', K, '-' .. bound, '(0', 'LIMIT', A[3], A[1])
  local expired = call('ZRANGEBYSCORE', K, 0, bound, 'WITHSCORES', 'LIMIT', 0, A[1])
  for i = 1, #expired, 2 do
    call('ZADD', K, string.format('%d', -expired[i + 1]), expired[i])
    call('PUBLISH', K .. ':e:' .. expired[i], '')
    add(expired[i])
  end
  for i = 1, math.min(#ended, A[1] - #answer) do add(ended[i]) end
  return answer`,
);

/** 1 a dead session, 2 and later: partitions that are swept. It is forgotten once all are, unless its deadline is yet to come. */
export const sweptScript: Script = defineScript(
  now,
  `local registry = K .. ':p:' .. A[1]
  for i = 2, #A do call('SREM', registry, A[i]) end
  if call('SCARD', registry) == 0 then
    local score = call('ZSCORE', K, A[1])
    if score and math.abs(score) <= now then call('ZREM', K, A[1]) end
  end
  return 1`,
);

/**
 * Deletes what dead sessions left in the partition KEYS[1]: 1 where to go on in the index, 2 how many entries are looked at in one
 * call, 3 whether they are forgotten altogether rather than known as dead, 4 and later: the sessions. Answers where to go on, or
 * nothing.
 */
export const sweepScript: Script = defineScript(
  `local P, A, call = KEYS[1], ARGV, redis.call
  ${read}
  if not own then return false end
  ${clock}
  local dead = {}
  for i = 4, #A do
    dead[A[i]] = true
    if A[3] == '0' then
      if call('HSET', P, '\\0o' .. A[i], 'dead') == 1 then m = m + 1 end
    elseif call('HDEL', P, '\\0o' .. A[i]) == 1 then
      m = m - 1
    end
  end
  if m > 0 and e == 1 then
    call('PERSIST', P)
    e = 0
  end
  local found, next = {}, false
  local function look(key, record)
    local created, length, at = string.match(record, '^(%d+) %d+ (%d+) ()')
    if dead[string.sub(record, at, at + length - 1)] and length ~= '0' then
      found[#found + 1] = {tonumber(created), key, record}
    end
  end
  if n > 0 and x == 0 then
    local all = call('HGETALL', P)
    for i = 1, #all, 2 do
      if string.byte(all[i]) ~= 0 then look(all[i], all[i + 1]) end
    end
  elseif n > 0 then
    local page = call('ZRANGEBYSCORE', P .. ':o', A[1], '+inf', 'WITHSCORES', 'LIMIT', 0, A[2])
    for i = 1, #page, 2 do
      local record = call('HGET', P, page[i])
      if record then look(page[i], record) end
    end
    -- Entries of one batch share a score, so the last one is looked at again.
    if #page / 2 == tonumber(A[2]) then next = page[#page] end
  end
  table.sort(found, function(one, other) return one[1] < other[1] end)
  ${watched}
  if #found > 0 then ${isLogged} end
  ${tell}
  for _, entry in ipairs(found) do
    local was = struct.pack('<d', rev)
    rev = rev + 1
    if now > rev then rev = now end
    n = n - 1
    if x == 1 then call('ZREM', P .. ':o', entry[2]) end
    call('HDEL', P, entry[2])
    tell('d', was, string.format('%d', rev), entry[2], entry[3])
  end
  ${leaveIndex}
  ${forget}
  local after = ${state}
  if after ~= own then call('HSET', P, '\\0', after) end
  return next`,
);
