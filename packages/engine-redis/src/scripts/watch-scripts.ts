import { clock, forgetMs, read, state } from './parts.ts';
import { defineScript, type Script } from './script.ts';

/** How many lengths of prefixes are told apart in a partition. Whoever comes later hears of the whole partition. */
const lengthsMax = 16;

/** How many changes are read in one step back along the log. */
const step = 64;

/**
 * Has changes under a prefix told and logged for a while, and says what came after a revision.
 *
 * 1 the prefix, 2 the revision, 3 the length in bytes that is asked for, 4 that of the partition's name, 5 for how many ms.
 *
 * Answers `W` where too many lengths are watched already; else the partition's revision, with `G` where changes may be missing
 * and the changes where there are some.
 */
export const watchScript: Script = defineScript(`
  local P, A, call = KEYS[1], ARGV, redis.call
  local prefix, from = A[1], tonumber(A[2])
  ${read}
  ${clock}
  local nowMs = math.floor(now / 1000)
  local leases, count = {}, 0
  for length, untilMs in string.gmatch(w == 1 and call('HGET', P, '\\0w') or '', '(%d+):(%d+)') do
    if tonumber(untilMs) > nowMs then
      leases[length] = untilMs
      count = count + 1
    end
  end
  if count >= ${lengthsMax} and not leases[A[3]] and A[3] ~= A[4] then return {'W'} end
  -- While more than half of its time is left a wish need not be renewed: a queue of waiters shares one.
  if not leases[A[3]] or tonumber(leases[A[3]]) < nowMs + A[5] / 2 then
    leases[A[3]] = string.format('%d', nowMs + A[5])
    local text = ''
    for length, untilMs in pairs(leases) do text = text .. ' ' .. length .. ':' .. untilMs end
    w = 1
    if not own then e = 1 end
    call('HSET', P, '\\0', ${state}, '\\0w', text)
    if e == 1 then call('PEXPIRE', P, ${forgetMs}) end
    call('PEXPIRE', P .. ':l', A[5])
  end
  if rev == from then return {rev} end
  if rev < from then return {rev, 'G'} end
  -- Nothing but one key lies under a prefix that is as long as keys get, and its entry says when it changed last.
  if #prefix >= longest then
    local entry = call('HGET', P, prefix)
    if entry and tonumber(string.match(entry, '^%d+ (%d+)')) <= from then return {rev} end
  end
  -- Each change names the one before it: what is not found by that is missing.
  local found, last, expected = {}, -1, rev
  while expected > from do
    local page = redis.pcall('LRANGE', P .. ':l', last - ${step - 1}, last)
    if page.err then return {rev, 'G'} end
    for i = #page, 1, -1 do
      local revision, key = string.match(page[i], '^(%d+)%z([^%z]*)', 10)
      if tonumber(revision) ~= expected then return {rev, 'G'} end
      expected = struct.unpack('<d', page[i], 2)
      if string.sub(key, 1, #prefix) == prefix then found[#found + 1] = page[i] end
      if expected <= from then break end
    end
    if expected > from and #page < ${step} then return {rev, 'G'} end
    last = last - ${step}
  end
  local answer = {rev}
  for i = #found, 1, -1 do answer[#answer + 1] = found[i] end
  return answer
`);
