/**
 * What the scripts of a partition have in common. KEYS[1] is its hash; with a NUL before, so that no entry's key is alike:
 *
 * - `\0`: revision, number of entries, number of sessions whose operations are remembered, and whether there is an index, whether
 *   the hash expires, 1 where somebody watches, else 2 where the latest change is not in the log, else 0, and the length of the longest
 *   key there has been
 * - `\0w`: for each length of a prefix that is watched, until when: `length:ms …`
 * - `\0o` and a session: its last operation that took effect: number as eight bytes, key, NUL, result; or that it is `dead`
 *
 * Where a session enqueues that is the only one remembered, and nothing else is there, the entry and the operation have no fields of
 * their own: they stand behind the partition's own, see {@link loneTail}. So a lock that nobody else wants is one field, read and
 * written once to take it, and once to give it back. Whatever else wants to change something has them put into their fields first.
 *
 * Beside it the log, a list with the latest changes, in the order in which they happened: `p` (put) or `d` (deleted), the revision
 * before as eight bytes, the revision, NUL, the key, NUL, the record. A second change of one revision has that as the one before: so
 * whoever follows from each change to the one before knows whether any is missing.
 *
 * Some are: those that are long, and, as long as nobody watches, those of a queue, which are an `enqueue` and the deletions behind it.
 * Who waits in a queue watches from its own entry on, so a lock that nobody waits for pays for no log, in time or memory.
 *
 * The first argument of a mutation is the key. Where sessions are named, three come last: the field of the one whose operation it
 * is, the operation's number or nothing, and the time of the server in µs after which a session may be dead. An argument more is
 * half a microsecond more in the client, so what is not there is not sent.
 *
 * A script changes nothing before its last check, and begins with the key whose type may be wrong: what fails has changed nothing.
 *
 * Measured in Lua, HGET takes a quarter of what HMGET takes for three fields, TIME twice as much as HGET, and `%d` half of `%.0f`:
 * that is why the scripts are as they are.
 */

/** Up to this many entries and operations a partition has no index: to look at them all is faster. */
export const smallMax = 24;

/** How many changes a log has at least, unless fewer happened, while nobody watches and while somebody does. Twice that at most. */
const changesMax = 64;
const watchedChangesMax = 512;

/** How long a log is kept where nobody watches. */
const logMs: number = 60 * 1000;

/** A change that is longer is not logged, so that a log has its bounds. */
const loggedMaxBytes: number = 16 * 1024;

/** How long a partition is remembered that holds nothing: for its revision, where the server's clock is set back. */
export const forgetMs: number = 24 * 60 * 60 * 1000;

/** How long a watch has changes logged and published without renewing its wish. */
export const watchLeaseMs: number = 10 * 60 * 1000;

/** What is kept in the partition's own field: see above. */
const layout = '<dI4I4BBBI2';

/** How long that is. */
const ownBytes = 21;

/** Reads the partition's own field. */
export const look: string = `
local own = call('HGET', P, '\\0')
local rev, n, m, x, e, w, longest = 0, 0, 0, 0, 0, 0, 0
if own then rev, n, m, x, e, w, longest = struct.unpack('${layout}', own) end
`;

/** Reads what stands behind it, where something does: whether the entry is there, key and record. */
export const readLone: string = `
local lone, isThere, loneKey, loneRecord, loneField = own and #own > ${ownBytes}, false, nil, nil, nil
if lone then
  local length = string.byte(own, ${ownBytes + 10})
  isThere = string.byte(own, ${ownBytes + 9}) == 80
  loneField = string.sub(own, ${ownBytes + 11}, ${ownBytes + 10} + length)
  loneKey, loneRecord = string.match(own, '^%z([^%z]*)%z(.*)$', ${ownBytes + 11} + length)
end
`;

/** Reads the partition's own field, where everything else is in fields of its own; that is seen to. */
export const read: string = `
${look}
if own and #own > ${ownBytes} then
  ${readLone}
  local last = string.sub(own, ${ownBytes + 1}, ${ownBytes + 8})
  own = string.sub(own, 1, ${ownBytes})
  if isThere then call('HSET', P, loneKey, loneRecord) end
  call('HSET', P, '\\0', own, loneField, last .. loneKey .. '\\0' .. loneRecord)
end
`;

/** The longest entry that stands behind the partition's own field, without its revisions. */
const loneMaxBytes = 512;

/**
 * Has an `enqueue` stand behind the partition's own field: the operation's number as eight bytes, `P` while the entry is there and `G`
 * once it is gone, the length of the operation's field in one byte, that field, NUL, the key, NUL, the record.
 */
const loneTail = `struct.pack('<dc1B', number, 'P', #field) .. field .. '\\0' .. key .. '\\0' .. record`;

/** What stands behind the revision while a lone entry is there, and once it is gone: all but the longest key. */
const loneHere = `'\\1\\0\\0\\0\\1\\0\\0\\0\\0\\0\\2'`;
const loneGone = `'\\0\\0\\0\\0\\1\\0\\0\\0\\0\\0\\2'`;

/** Enqueues again after an operation of the same session whose entry is gone. */
export const enqueueLone: string = `
local P, A, call = KEYS[1], ARGV, redis.call
local field, number, notAfter = A[3], A[4], A[5]
local own = call('HGET', P, '\\0')
if own and number ~= '' then
  local kind, length = string.byte(own, ${ownBytes + 9}, ${ownBytes + 10})
  if kind == 71 and length == #field and string.find(own, field, ${ownBytes + 11}, true) == ${ownBytes + 11} then
    local rev, _, longest, last = struct.unpack('<dc11I2d', own)
    local t = call('TIME')
    local now = t[1] * 1000000 + t[2]
    if last < tonumber(number) and now <= tonumber(notAfter) and #A[2] <= ${loneMaxBytes} then
      rev = rev + 1
      if now > rev then rev = now end
      local r = string.format('%d', rev)
      local key = A[1] .. (#r == 16 and r or string.format('%016d', rev))
      if #key > longest then longest = #key end
      call('HSET', P, '\\0', struct.pack('<dc11I2d', rev, ${loneHere}, longest, number) .. 'P' .. string.sub(own, ${ownBytes + 10}, ${ownBytes + 11} + length) .. key .. '\\0' .. r .. ' ' .. r .. ' ' .. A[2])
      return rev
    end
  end
end
`;

/** The same in a partition that holds and remembers nothing, or nothing but an operation of the session. Wants `key` and `record`. */
export const enqueueFirst: string = `
if n == 0 and number and w ~= 1 and x == 0 and (m == 0 or (m == 1 and old)) and #A[2] <= ${loneMaxBytes} and #field < 256 then
  if old then call('HDEL', P, field) end
  if e == 1 then call('PERSIST', P) end
  if #key > longest then longest = #key end
  n, m, e, w = 1, 1, 0, 2
  call('HSET', P, '\\0', struct.pack('${layout}', rev, n, m, x, e, w, longest) .. ${loneTail})
  return rev
end
`;

/** Deletes the entry that stands behind the partition's own field, in the name of no session. */
export const deleteLone: string = `
local P, A, call = KEYS[1], ARGV, redis.call
local own = call('HGET', P, '\\0')
if own and not A[3] and string.byte(own, ${ownBytes + 9}) == 80 then
  local key = A[1]
  local from = ${ownBytes + 12} + string.byte(own, ${ownBytes + 10})
  local to = from + #key + 1
  if string.find(own, key, from, true) == from and string.byte(own, to - 1) == 0 and string.find(own, string.sub(A[2], 2) .. ' ', to, true) == to then
    local record = string.sub(own, to)
    local rev = struct.unpack('<d', own) + 1
    if string.byte(A[2]) ~= 107 then
      local t = call('TIME')
      rev = math.max(rev, t[1] * 1000000 + t[2])
    end
    call('HSET', P, '\\0', struct.pack('<d', rev) .. ${loneGone} .. string.sub(own, ${ownBytes - 1}, ${ownBytes + 8}) .. 'G' .. string.sub(own, ${ownBytes + 10}))
    return {rev, record}
  end
end
`;

/** The partition's own field. */
export const state: string = `struct.pack('${layout}', rev, n, m, x, e, w, longest)`;

/** Reads the time in µs. */
export const clock = `
local t = call('TIME')
local now = t[1] * 1000000 + t[2]
`;

/**
 * The same, unless nothing but the next revision needs it and its condition is `k`, see {@link holds}: then the revision just goes on.
 *
 * A revision must outrun those that a loss of data took along. Data is lost with its hash, and the entry with it, or with the
 * server's process, and the connection with it. So where an entry is there whose revision is no smaller than one that this connection
 * was given, nothing was lost since, and that one had outrun whatever was lost before. Nor does it get ahead of the clock: a script
 * takes longer than the microsecond by which it goes on.
 */
export const clockUnlessKnown: string = `
local now = 0
if notAfter or w == 1 or string.byte(A[2]) ~= 107 then
  ${clock.replace('local now', 'now')}
end
`;

/**
 * Reads the partition, the session's operation and the time, and answers what is repeated, late, or of a dead session.
 *
 * @param at which argument the session's field is
 * @param repeated what a repeated operation is answered, with its `key` and `result`
 * @param time how the time is read
 */
export function begin(at: number, repeated = "return {'R', key, result}", time: string = clock): string {
  return `
local P, A, call = KEYS[1], ARGV, redis.call
local field, number, notAfter = A[${at}], A[${at + 1}], A[${at + 2}]
if number == '' then number = nil end
${read}
local old = field and call('HGET', P, field)
if old then
  if old == 'dead' then return {'D'} end
  if number then
    local last = struct.unpack('<d', old)
    if last == tonumber(number) then
      local key, result = string.match(old, '^([^%z]*)%z(.*)$', 9)
      ${repeated}
    end
    if last > tonumber(number) then return {'S', last} end
  end
end
${time}
if notAfter and now > tonumber(notAfter) then return {'D'} end
`;
}

/** The next revision: as a number and as text. It outruns every one that a loss of data took along. */
export const nextRevision = `
rev = rev + 1
if now > rev then rev = now end
local r = string.format('%d', rev)
`;

/** Counts a new operation and an entry that is new, and keeps the index in step. Wants `key`, `isNew` and `r`. */
export const count: string = `
if number and not old then m = m + 1 end
if isNew then
  n = n + 1
  if #key > longest then longest = #key end
  if x == 1 then call('ZADD', P .. ':o', r, key) end
end
if n + m > ${smallMax} and x == 0 then
  local all = call('HGETALL', P)
  for i = 1, #all, 2 do
    if string.byte(all[i]) ~= 0 then call('ZADD', P .. ':o', string.match(all[i + 1], '^%d+'), all[i]) end
  end
  if isNew then call('ZADD', P .. ':o', r, key) end
  x = 1
end
if e == 1 then
  call('PERSIST', P)
  e = 0
end
`;

/** Writes the partition's own field, other fields that have changed, and the operation with what it is answered. */
export function write(fields: string, result: string): string {
  const others = fields === '' ? '' : `, ${fields}`;
  return `
if number then
  call('HSET', P, '\\0', ${state}${others}, field, struct.pack('<d', number) .. ${result})
else
  call('HSET', P, '\\0', ${state}${others})
end
`;
}

/** Leaves the index once there is nothing in it. With many operations it would only be made again with the next entry. */
export const leaveIndex: string = `if n == 0 and m <= ${smallMax} then x = 0 end`;

/** Has a partition that holds and remembers nothing expire, with what belongs to it. */
export const forget: string = `
if n == 0 and m == 0 then
  e = 1
  call('PEXPIRE', P, ${forgetMs})
  call('PEXPIRE', P .. ':l', ${forgetMs})
end
`;

/** Logs a change in `text`, makes room in the log, and has it expire by itself where nothing happens for long. */
const log = `
local size = #text <= ${loggedMaxBytes} and redis.pcall('RPUSH', P .. ':l', text)
if type(size) == 'number' and (size == 1 or size > ${2 * changesMax} and (w == 0 or size > ${2 * watchedChangesMax})) then
  if size > 1 then call('LTRIM', P .. ':l', w == 1 and -${watchedChangesMax} or -${changesMax}, -1) end
  call('PEXPIRE', P .. ':l', w == 1 and ${watchLeaseMs} or ${logMs})
end
`;

/**
 * Tells watchers of a change in `text`. Each watched prefix has a channel of its own, found by its length alone, so that a change
 * costs one message for each length, and nobody hears what was not asked for.
 */
const publish = `
for length, untilMs in string.gmatch(leases, '(%d+):(%d+)') do
  length = tonumber(length)
  if length <= #key and tonumber(untilMs) * 1000 > now then
    call('PUBLISH', P .. ':w:' .. string.sub(key, 1, length), text)
  end
end
`;

/** Finds out whether anybody watches still. Comes before the partition's own field is written. */
export const watched: string = `
local leases
if w == 1 then
  leases = call('HGET', P, '\\0w') or ''
  local latest = 0
  for untilMs in string.gmatch(leases, ':(%d+)') do latest = math.max(latest, tonumber(untilMs)) end
  if latest * 1000 < now then
    w = 0
    call('HDEL', P, '\\0w')
  end
end
`;

/** Logs one of several changes, and tells of it where anybody watches. `was` is the revision before, in eight bytes. */
export const tell: string = `
local function tell(kind, was, r, key, record)
  local text = kind .. was .. r .. '\\0' .. key .. '\\0' .. record
  ${log}
  if w == 1 then
    ${publish}
  end
end
`;

/** The revision that the partition had, in eight bytes. */
export const before: string = `(own and string.sub(own, 1, 8) or '\\0\\0\\0\\0\\0\\0\\0\\0')`;

/** Logs one change, and tells of it where anybody watches. */
export function tellOf(kind: 'p' | 'd', record: string): string {
  return `
if w ~= 2 then
  local text = '${kind}' .. ${before} .. r .. '\\0' .. key .. '\\0' .. ${record}
  ${log}
  if w == 1 then
    ${publish}
  end
end
`;
}

/** Has the change logged whether anybody watches or not. Comes after {@link watched}. */
export const isLogged = `if w == 2 then w = 0 end`;

/** Has the change of a queue logged only where anybody watches. */
export const isQueued = `if w == 0 then w = 2 end`;

/**
 * Whether a condition holds for an entry that is there or not: `a`, or `m`, `c` or `k` and a revision behind it. `k` is `c` with a
 * revision that was given since the connection was made.
 */
export function holds(condition: string): string {
  return `
local created = entry and string.match(entry, '^%d+')
local holds
if ${condition} == 'a' then holds = not entry
elseif string.byte(${condition}) == 109 then holds = entry and string.match(entry, '^%d+ (%d+)') == string.sub(${condition}, 2)
else holds = created == string.sub(${condition}, 2) end
`;
}
