import { fade, sequenceOf } from './queue-id-parts.ts';
import { unrest } from './queue-rest-parts.ts';

/**
 * What the scripts of a queue store have in common. KEYS[1] is the name of a partition's revision, which all its other keys begin with:
 *
 * ```text
 * quorate:{jobs}:q                 the partition's revision: the last number that was given
 * quorate:{jobs}:qn                sorted set, by name alone: queues that hold messages
 * quorate:{jobs}:qp                hash: lanes other than 0 that a queue uses, as bits
 * quorate:{jobs}:qb                hash: bytes of the largest message of a queue that had one which is large
 * quorate:{jobs}:qd                hash: how many messages of a queue rest
 * quorate:{jobs}:qw                hash: queues that somebody waits for; under NUL until when state records are watched
 * quorate:{jobs}:qs                hash: state records: version and expiry as doubles (-1 for never), then the value
 * quorate:{jobs}:qk, :qx           sorted sets of their keys: by name alone, and by expiry
 * quorate:{jobs}:q:m:jobs/mail     sorted set: messages by sequence, each as its sequence and its record
 * quorate:{jobs}:q:r0:jobs/mail    list: sequences of lane 0 that were ready as they came, and never leased
 * quorate:{jobs}:q:o0:jobs/mail    sorted set: all others that wait in lane 0, by their place in µs
 * quorate:{jobs}:q:d0:jobs/mail    sorted set: messages of lane 0 that rest, in groups, until when in µs
 * quorate:{jobs}:q:l:jobs/mail     hash: what became of each message that was ever leased, by sequence
 * quorate:{jobs}:q:e:jobs/mail     sorted set: sequences that are leased, by the lease's end in ms
 * quorate:{jobs}:q:h:jobs/mail     sorted set, by name alone: those held, as key, NUL, sequence
 * quorate:{jobs}:q:k:jobs/mail     hash: how many of a key are out
 * quorate:{jobs}:q:i:jobs/mail     hash: sequences by the ids that senders chose, in groups
 * quorate:{jobs}:q:g:jobs/mail     hash: until when ids are remembered in ms, in groups
 * quorate:{jobs}:q:f:jobs/mail     sorted set: groups of remembered ids, until when the last of each is
 * ```
 *
 * A sequence is a revision, kept as a double of eight bytes, largest first, so that bytes sort as numbers do. Revisions are no smaller
 * than the server's clock in µs, so that they outrun those that a loss of data took along, and the sequence of a message that was
 * ready as it came is its place as well: those that wait are leased in the order of their places.
 *
 * A record is, largest byte first: flags (lane, and 16 for an id of its own, 32 a key, 64 headers, 128 ready later), the time it is
 * ready in µs, the id, the key and how many of it may be out, the headers, and the body. What was leased once has beside it, under `l`:
 * token, the lease's end in ms or 0, deliveries, attempts, place, flags without 128, owner, and the headers where they were changed.
 *
 * A script may be refused at its first write, where memory or disk is full, and by nothing after that; so what is checked is checked
 * before.
 */

/** How many leases that have ended one script puts back, and how many messages of a lane whose time has come at least. */
export const endedMax = 500;

/** A sequence that is further ahead of the clock than this stands for no time: the clock was set back. */
const driftUs = 1_000_000;

/** The time, and names. */
export const begin = `
local B, A, call = KEYS[1], ARGV, redis.call
local byte, sub, char, pack, unpk = string.byte, string.sub, string.char, struct.pack, struct.unpack
local t = call('TIME')
local now = t[1] * 1000000 + t[2]
local nowMs = math.floor(now / 1000)
local function of(letter, q) return B .. ':' .. letter .. ':' .. q end
`;

/** The next revision, its keeping at the script's end, and the place that it stands for. */
export const revisions: string = `
local rev
local function raise()
  if not rev then rev = tonumber(call('GET', B) or 0) end
  rev = rev + 1
  if now > rev then rev = now end
  return rev
end
local function keep()
  if rev then call('SET', B, string.format('%d', rev)) end
end
local function placeOf(seq) return seq - now > ${driftUs} and now or seq end
`;

/** Hands many words over. Answers what the last command does. */
export const bring = `
local function bring(command, key, words, count)
  local size
  for i = 1, count, 2000 do size = call(command, key, unpack(words, i, math.min(i + 1999, count))) end
  return size
end
`;

/** So many words of a hash or a sorted set that is yet small are worth making it a large one at once. */
const spreadMin = 32;

/**
 * Redis keeps what is small in one piece and goes through all of it for each of its members: that of a hundred leases takes ten times as
 * long as in the form that it gives to what is large. A member longer than 64 bytes makes it change the form, for as long as the key lasts.
 */
export const spread: string = `
local long = string.rep('~', 65)
local function spread(add, key, drop, words, count)
  if count >= ${spreadMin} then
    if add == 'HSET' then call(add, key, long, '') else call(add, key, '0', long) end
  end
  bring(add, key, words, count)
  if count >= ${spreadMin} then call(drop, key, long) end
end
`;

/** A queue whose messages are all smaller than this is not said to have a large one. */
export const largeBytes: number = 32 * 1024;

/** Notes how large a message is that goes into a queue, so that a lease knows how many it may take before it has seen them. */
export const largest: string = `
local function enlarge(q, size)
  if size > ${largeBytes} and size > tonumber(call('HGET', B .. 'b', q) or 0) then call('HSET', B .. 'b', q, size) end
end
`;

/** Finds a message by its sequence. */
export const messageOf = `
local function messageOf(q, s)
  local seq = unpk('>d', s)
  return call('ZRANGEBYSCORE', of('m', q), seq, seq)[1]
end
`;

/** The same, and reads one: its flags, the time it is ready, its id, its key, how many of that may be out, and where the rest begins. */
export const parse: string = `
${messageOf}
local function parse(m)
  local flags, p, at, id, key, max = byte(m, 9), 10
  if flags >= 128 then at, p = unpk('>d', m, p) end
  if flags % 32 >= 16 then id, p = unpk('>I2c0', m, p) end
  if flags % 64 >= 32 then key, max, p = unpk('>I2c0d', m, p) end
  return flags, at, id, key, max, p
end
`;

/** Tells those who wait for a queue, once: who finds nothing afterwards says so again. */
export const notify = `
local function notify(q)
  if call('HDEL', B .. 'w', q) == 1 then call('PUBLISH', of('r', q), '') end
end
`;

/** Notes that a queue uses a lane. */
export const mark = `
local function mark(q, lane)
  if lane == 0 then return end
  local used = tonumber(call('HGET', B .. 'p', q) or 0)
  if bit.band(used, 2 ^ lane) == 0 then call('HSET', B .. 'p', q, used + 2 ^ lane) end
end
`;

/** Puts a message into its lane, beside those that were ready as they came. */
export const wait = `
local function wait(q, s, lane, place)
  mark(q, lane)
  call('ZADD', of('o' .. lane, q), place, s)
end
`;

/** Puts leases back that have ended, so many at most. What they were leased from they return to, at their places. */
export const advance = `
local function comeBack(q, s, h)
  local place = math.min((unpk('>d', h, 25)), now)
  call('HSET', of('l', q), s, sub(h, 1, 8) .. pack('>d', 0) .. sub(h, 17))
  wait(q, s, byte(h, 33) % 16, place)
end
local function advance(q, max)
  local ended = call('ZRANGEBYSCORE', of('e', q), '-inf', nowMs, 'LIMIT', 0, max)
  if #ended == 0 then return end
  local records = call('HMGET', of('l', q), unpack(ended))
  call('ZREM', of('e', q), unpack(ended))
  for i, s in ipairs(ended) do comeBack(q, s, records[i]) end
  notify(q)
end
`;

/** How long the revision is remembered of a partition one of whose queues was emptied. It is the clock's anyway, unless that is set back. */
export const forgetMs: number = 7 * 24 * 60 * 60 * 1000;

/** Forgets the queues in `emptied` that hold nothing any more. */
export const clear: string = `
${fade}
local emptied = {}
local function forget(q)
  call('ZREM', B .. 'n', q)
  call('HDEL', B .. 'b', q)
  call('HDEL', B .. 'd', q)
  local used = tonumber(call('HGET', B .. 'p', q) or 0)
  for lane = 0, 15 do
    if lane == 0 or bit.band(used, 2 ^ lane) ~= 0 then call('UNLINK', of('r' .. lane, q)) end
  end
  if used > 0 then call('HDEL', B .. 'p', q) end
  fade(q)
  call('PEXPIRE', B, ${forgetMs})
end
local function clear()
  for q in pairs(emptied) do
    if call('EXISTS', of('m', q)) == 0 then forget(q) end
  end
end
`;

/** Lets as many of a key out as its first may be among. */
const letOut = `
local function letOut(q, key, out)
  while true do
    local first = call('ZRANGEBYLEX', of('h', q), '[' .. key .. '\\0', '(' .. key .. '\\1', 'LIMIT', 0, 1)[1]
    if not first then break end
    local s = sub(first, -8)
    local flags, at, _, _, max = parse(messageOf(q, s))
    if out >= max then break end
    out = out + 1
    call('ZREM', of('h', q), first)
    wait(q, s, flags % 16, at or placeOf((unpk('>d', s))))
  end
  if out == 0 then call('HDEL', of('k', q), key) else call('HSET', of('k', q), key, out) end
  notify(q)
end
`;

/**
 * Takes a message out for good, whose record of leases is `h` if it was ever leased, and lets the next of its key out. A list keeps the
 * sequence of one that it held, which is passed over. Wants `unname`.
 */
export const drop: string = `
${letOut}
${unrest}
local function drop(q, s, h, m)
  local flags
  if h then
    call('HDEL', of('l', q), s)
    flags = byte(h, 33)
    if unpk('>d', h, 9) > 0 then call('ZREM', of('e', q), s)
    else call('ZREM', of('o' .. flags % 16, q), s) end
  else
    flags = byte(m, 9)
    local isOut = call('ZREM', of('o' .. flags % 16, q), s) == 1
    if flags >= 128 and not isOut then unrest(q, s, flags % 16, (unpk('>d', m, 10))) end
  end
  emptied[q] = true
  local seq = unpk('>d', s)
  if flags % 64 < 16 then
    call('ZREMRANGEBYSCORE', of('m', q), seq, seq)
    return
  end
  m = m or messageOf(q, s)
  local _, _, id, key = parse(m)
  call('ZREM', of('m', q), m)
  if id then unname(q, {id}) end
  if not key then return end
  local out = tonumber(call('HGET', of('k', q), key) or 0)
  if h or call('ZREM', of('h', q), key .. '\\0' .. s) == 0 then out = out - 1 end
  letOut(q, key, out)
end
`;

/**
 * Finds the message that a client names from `p` on: by its sequence, or where `isNamed` by its id. Answers the sequence, the record
 * of its leases, and where the name ends. Wants `idGroups`.
 */
export const resolve: string = `
${sequenceOf}
local function resolve(q, isNamed, blob, p)
  if isNamed then
    local id
    id, p = unpk('>I2c0', blob, p)
    local s = sequenceOf(q, id)
    return s, s and call('HGET', of('l', q), s), p
  end
  local s = sub(blob, p, p + 7)
  local h = call('HGET', of('l', q), s)
  if h then return s, h, p + 8 end
  -- One that moved here keeps the id that its first queue gave it.
  local moved = sequenceOf(q, string.format('~%x', unpk('>d', s)))
  if moved then return moved, call('HGET', of('l', q), moved), p + 8 end
  return s, nil, p + 8
end
`;
