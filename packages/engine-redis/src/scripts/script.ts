import { createHash } from 'node:crypto';

/** A Lua script and the name by which a server that has it is asked to run it. */
export interface Script {
  readonly lua: string;
  readonly sha1: string;
}

/** Names a script. Lines that are only there for its reader are not sent. */
export function defineScript(...parts: readonly string[]): Script {
  const lua = parts
    .join('\n')
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('--'))
    .join('\n');
  return { lua, sha1: createHash('sha1').update(lua).digest('hex') };
}
