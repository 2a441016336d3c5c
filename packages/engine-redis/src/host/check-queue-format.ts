import { QuorateError } from '@quorate/core';
import type { RedisKeys } from '../redis-keys.ts';
import { defineScript } from '../scripts/script.ts';
import type { ScriptRunner } from './script-runner.ts';

/** How queues are kept: a higher number for each change that those before it would not understand. */
const queueFormat = 1;

/** Where nobody has said yet how queues are kept, it is said; 1 the format. Answers the one that holds. */
const agree = defineScript(`
local found = redis.call('GET', KEYS[1])
if found then return found end
redis.call('SET', KEYS[1], ARGV[1])
return ARGV[1]
`);

/** @throws QuorateError `UNSUPPORTED` where queues of this prefix are kept in another way; `UNAVAILABLE` */
export async function checkQueueFormat(runner: ScriptRunner, keys: RedisKeys): Promise<void> {
  const found = String(await runner.run(agree, keys.queueFormat, `${queueFormat}`));
  if (found === `${queueFormat}`) return;
  const message = `Queues in Redis must be of format ${queueFormat}: "${keys.queueFormat}" says ${found}`;
  throw new QuorateError('UNSUPPORTED', message, { outcome: 'not-applied' });
}
