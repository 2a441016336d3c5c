import { forgetIds, idGroups, look } from './queue-id-parts.ts';
import { namedPuts } from './queue-named-puts.ts';
import { begin, mark, notify, revisions } from './queue-parts.ts';
import { enter, gather, gatherOthers, puts, special } from './queue-put-parts.ts';
import { defineScript, type Script } from './script.ts';

/**
 * Takes messages in. 1 the messages: for each run of a queue's its name, how many follow, and those. A name with NUL behind
 * it stands for a run of `namedPuts`. Answers the sequence of each as a double, 0 for a duplicate.
 */
export const putScript: Script = defineScript(
  begin,
  revisions,
  notify,
  mark,
  gather,
  // What not every message needs costs the others a microsecond for each function, so it waits until one comes.
  'local special, look, name, remember',
  'local function define()',
  idGroups,
  forgetIds,
  gatherOthers,
  enter,
  special,
  look,
  'return special, look, name, remember',
  'end',
  puts,
  'local function defineNamed()',
  idGroups,
  forgetIds,
  namedPuts,
  'return namedPuts',
  'end',
  `local blob, p, given, namedPuts = A[1], 1, {}, nil
  while p <= #blob do
    local q, n
    q, n, p = unpk('>I2c0I4', blob, p)
    if byte(q, -1) == 0 then
      namedPuts = namedPuts or defineNamed()
      p = namedPuts(sub(q, 1, -2), n, blob, p, given)
    else p = puts(q, n, blob, p, given) end
  end
  keep()
  return table.concat(given)`,
);
