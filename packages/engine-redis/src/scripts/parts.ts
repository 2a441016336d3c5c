/**
 * What the scripts of a partition have in common. KEYS[1] is its hash; with a NUL before, so that no entry's key is alike:
 *
 * - `\0`: revision, number of entries, number of operations remembered, flags (1: there is an index, 2: the hash expires)
 * - `\0w`: for each length of a prefix that is watched, until when: `length:ms …`
 * - `\0o` and a session: its last operation that took effect: number, NUL, key, NUL, result; or that it is `dead`
 *
 * Beside it the log, a list with the latest changes, in the order in which they happened: `p` (put) or `d` (deleted), the revision
 * before as eight bytes, the revision, NUL, the key, NUL, the record. A second change of one revision has that as the one before: so
 * whoever knows the revision before the first one of the log misses nothing by it.
 *
 * The arguments of a mutation: 1 the field of its session, or nothing; 2 the operation's number, or nothing; 3 the time of the
 * server in µs after which the session may be dead, 0 for never; 4 the key.
 *
 * A script changes nothing before its last check, and begins with the key whose type may be wrong: what fails has changed nothing.
 */

/** Up to this many entries and operations a partition has no index: to look at them all is faster. */
export const smallMax = 24;

/** How many changes a log has at least, unless fewer happened, while nobody watches and while somebody does. Twice that at most. */
const changesMax = 64;
const watchedChangesMax = 512;

/** How long a log is kept where nobody watches. */
const logMs: number = 60 * 1000;

/** How long a partition is remembered that holds nothing: for its revision, where the server's clock is set back. */
export const forgetMs: number = 24 * 60 * 60 * 1000;

/** How long a watch has changes logged and published without renewing its wish. */
export const watchLeaseMs: number = 10 * 60 * 1000;

/** Reads the partition and the time, and answers a repeated or late operation. `f[3]` is the operation, `f[4]` the entry. */
export const begin = `
local P, A, call = KEYS[1], ARGV, redis.call
local f = call('HMGET', P, '\\0', '\\0w', A[1], A[4])
local rev, n, m, b = 0, 0, 0, 0
if f[1] then rev, n, m, b = struct.unpack('<dI4I4B', f[1]) end
local t = call('TIME')
local now = t[1] * 1000000 + t[2]
if f[3] == 'dead' then return {'D'} end
if f[3] and A[2] ~= '' then
  local last, key, result = string.match(f[3], '^(%d+)%z([^%z]*)%z(.*)$')
  last = tonumber(last)
  if last == tonumber(A[2]) then REPEATED end
  if last > tonumber(A[2]) then return {'S', last} end
end
if A[3] ~= '0' and now > tonumber(A[3]) then return {'D'} end
`;

/** The same with what a repeated operation is answered. */
export function beginWith(repeated = "return {'R', key, result}"): string {
  return begin.replace('REPEATED', repeated);
}

/** The next revision: as a number and as text. It outruns every one that a loss of data took along. */
export const nextRevision = `
rev = rev + 1
if now > rev then rev = now end
local r = string.format('%.0f', rev)
`;

/** Counts a new operation and an entry that is new, and keeps the index in step. Wants `key`, `isNew` and `r`. */
export const count = `
if A[2] ~= '' and not f[3] then m = m + 1 end
if isNew then
  n = n + 1
  if b % 2 == 1 then call('ZADD', P .. ':o', r, key) end
end
if b % 2 == 0 and n + m > ${smallMax} then
  local all = call('HGETALL', P)
  for i = 1, #all, 2 do
    if string.byte(all[i]) ~= 0 then call('ZADD', P .. ':o', string.match(all[i + 1], '^%d+'), all[i]) end
  end
  if isNew then call('ZADD', P .. ':o', r, key) end
  b = b + 1
end
if b >= 2 then
  call('PERSIST', P)
  b = b - 2
end
`;

/** The partition's own field. */
export const state = `struct.pack('<dI4I4B', rev, n, m, b)`;

/** Has a partition that holds and remembers nothing expire, with what belongs to it. */
export const forget = `
if n == 0 and m == 0 then
  if b < 2 then b = b + 2 end
  call('PEXPIRE', P, ${forgetMs})
  call('PEXPIRE', P .. ':l', ${forgetMs})
end
`;

/** Makes room in the log, and has it expire by itself where nothing happens for long. */
const trim = `
if type(size) == 'number' and (size == 1 or size > (f[2] and ${2 * watchedChangesMax} or ${2 * changesMax})) then
  if size > 1 then call('LTRIM', P .. ':l', f[2] and -${watchedChangesMax} or -${changesMax}, -1) end
  call('PEXPIRE', P .. ':l', f[2] and ${watchLeaseMs} or ${logMs})
end
`;

/**
 * Tells watchers of a change in `text`. Each watched prefix has a channel of its own, found by its length alone, so that a change
 * costs one message for each length, and nobody hears what was not asked for.
 */
const publish = `
local isWatched = false
for length, untilMs in string.gmatch(f[2], '(%d+):(%d+)') do
  if tonumber(untilMs) * 1000 > now then
    isWatched = true
    length = tonumber(length)
    if length <= #key then call('PUBLISH', P .. ':w:' .. string.sub(key, 1, length), text) end
  end
end
if not isWatched then
  call('HDEL', P, '\\0w')
  f[2] = false
end
`;

/** Logs one of several changes, and tells of it where anybody watches. `was` is the revision before, as it is kept. */
export const tell = `
local function tell(kind, was, r, key, record)
  local text = kind .. was .. r .. '\\0' .. key .. '\\0' .. record
  local size = redis.pcall('RPUSH', P .. ':l', text)
  ${trim}
  if f[2] then
    ${publish}
  end
end
`;

/** Logs one change, and tells of it where anybody watches. */
export function tellOf(kind: 'p' | 'd', record: string): string {
  return `
local text = '${kind}' .. (f[1] and string.sub(f[1], 1, 8) or '\\0\\0\\0\\0\\0\\0\\0\\0') .. r .. '\\0' .. key .. '\\0' .. ${record}
local size = redis.pcall('RPUSH', P .. ':l', text)
${trim}
if f[2] then
  ${publish}
end
`;
}

/** Whether the condition in two arguments holds for an entry that is there or not. */
export function holds(kind: string, revision: string): string {
  return `
local created, modified
if entry then created, modified = string.match(entry, '^(%d+) (%d+)') end
local holds
if ${kind} == 'a' then holds = not entry
elseif ${kind} == 'm' then holds = modified == ${revision}
else holds = created == ${revision} end
`;
}
