import type { RedisKeys } from '../redis-keys.ts';

/** What all keys of the queues of a partition begin with, and the key that its scripts are sent to: that of its revision. */
export function queueBase(keys: RedisKeys, name: string): string {
  return `${keys.partition(name)}:q`;
}
