import type { Random } from '@quorate/core';
import { Caller, type CallerSeams } from './caller.ts';

const lanes = 4;

/**
 * Writes every key once before a history goes on, so that what the keys held before it does not count: a history begins with
 * keys that hold nothing.
 */
export async function prime(
  keys: readonly string[],
  seams: CallerSeams,
  random: Random,
  signal: AbortSignal | undefined,
): Promise<void> {
  const open = [...keys];
  const giveUpAtMs = (): number => (signal?.aborted === true ? 0 : Number.POSITIVE_INFINITY);
  const lane = async (index: number): Promise<void> => {
    const caller = new Caller(`primer-${index}`, seams, random.fork(`primer-${index}`), true);
    for (let key = open.pop(); key !== undefined; key = open.pop()) {
      if (signal?.aborted === true) return;
      await caller.put(key, `${key}#0`, giveUpAtMs);
    }
  };
  await Promise.all(Array.from({ length: lanes }, async (_, index) => lane(index)));
}
