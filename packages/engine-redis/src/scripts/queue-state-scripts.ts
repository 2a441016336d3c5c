import { wishMs } from './queue-lease-script.ts';
import { begin, revisions } from './queue-parts.ts';
import { names, readState, state } from './queue-state-parts.ts';
import { defineScript, type Script } from './script.ts';

/** How many bytes a page holds before it ends early. */
export const pageBytesMax: number = 8 * 1024 * 1024;

/** 1 the key. Answers the record, if it is there. */
export const readStateScript: Script = defineScript(begin, readState, `return stateOf(A[1]) or false`);

/** 1 the key, 2 the version or -1, 3 the expiry or -1, 4 the value, or nothing to delete. Answers the version, or what stands there. */
export const writeStateScript: Script = defineScript(
  begin,
  revisions,
  names,
  state,
  `local expected = tonumber(A[2])
  expireStates()
  local record, version = stateOf(A[1])
  if expected >= 0 and version ~= expected then return record or 'X' end
  version = writeState(A[1], A[4], tonumber(A[3]))
  keep()
  return version`,
);

/**
 * Names in order. Wants `from`, `prefix` and `limit`; one more than `limit` says that there are more. Nothing in UTF-8 has two bytes of
 * 255 in a row, also where 239 was made one.
 */
const page = `
local lower = A[2] == '' and '[' .. toName(A[1]) or '(' .. toName(A[2])
local limit = tonumber(A[3])
local function pageOf(index)
  return call('ZRANGEBYLEX', B .. index, lower, '(' .. toName(A[1]) .. '\\255\\255', 'LIMIT', 0, limit + 1)
end
`;

/** 1 the prefix, 2 the key before the page or nothing, 3 how many. Answers where the page ends, if it does; then keys and records. */
export const scanStateScript: Script = defineScript(
  begin,
  names,
  state,
  page,
  `expireStates()
  local found, answer, bytes = pageOf('k'), {false}, 0
  for i, name in ipairs(found) do
    if i > limit or bytes > ${pageBytesMax} then
      answer[1] = fromName(found[i - 1])
      break
    end
    local key = fromName(name)
    local record = stateOf(key)
    if record then
      answer[#answer + 1] = key
      answer[#answer + 1] = record
      bytes = bytes + #record
    end
  end
  return answer`,
);

/** The same for the names of queues: answers them, one more than asked for where there are more. */
export const queuesScript: Script = defineScript(
  begin,
  names,
  page,
  `local found = pageOf('n')
  for i, name in ipairs(found) do found[i] = fromName(name) end
  return found`,
);

/** 1 the queue to be told of, or NUL for state records; those for so many ms, 2. */
export const wishScript: Script = defineScript(
  begin,
  `call('HSET', B .. 'w', A[1], A[2] and nowMs + A[2] or 1)
  call('PEXPIRE', B .. 'w', ${wishMs})
  return 1`,
);

/** Answers the server's time in µs. */
export const timeScript: Script = defineScript(`
  local t = redis.call('TIME')
  return t[1] * 1000000 + t[2]
`);
