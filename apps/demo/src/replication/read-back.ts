import type { Random } from '@quorate/core';
import { Caller, type CallerSeams } from './caller.ts';
import type { Acknowledged } from './history.ts';

/** What reading every acknowledged write back came to. */
export interface ReadBackReport {
  readonly keys: number;
  /** How many writes had been acknowledged by then. */
  readonly acknowledged: number;
  /** The key held the last acknowledged write, or one that came after it. */
  readonly right: number;
  /** The key held less than what had been acknowledged. */
  readonly lost: number;
  /** The version was that of the acknowledged write, and the value another. */
  readonly wrong: number;
  /** Nobody answered in time. */
  readonly unreadable: number;
  readonly durationMs: number;
}

const lanes = 8;
const giveUpMs = 10_000;

/** Reads every key of which a write was acknowledged before, through the leader. Versions tell which write is the later one. */
export async function readBack(seams: CallerSeams, random: Random, name: string): Promise<ReadBackReport> {
  const { history, clock } = seams;
  const startMs = clock.monotonicMs();
  const acknowledged = history.acknowledged.length;
  const writes = [...history.lastAcknowledged().values()];
  const counts = { right: 0, lost: 0, wrong: 0, unreadable: 0 };
  const open = [...writes];
  const lane = async (index: number): Promise<void> => {
    const caller = new Caller(`${name}-${index}`, seams, random.fork(`${name}-${index}`), false);
    for (let write = open.pop(); write !== undefined; write = open.pop()) {
      const found = await caller.get(write.key, 'linearizable', () => startMs + giveUpMs);
      counts[found === undefined ? 'unreadable' : verdictOf(write, found)]++;
    }
  };
  await Promise.all(Array.from({ length: lanes }, async (_, index) => lane(index)));
  const durationMs = Math.round(clock.monotonicMs() - startMs);
  return { keys: writes.length, acknowledged, ...counts, durationMs };
}

/** Whether every acknowledged write was there. */
export function isComplete({ keys, right }: ReadBackReport): boolean {
  return right === keys;
}

function verdictOf(
  write: Acknowledged,
  found: { readonly value: string | null; readonly version: number },
): 'right' | 'lost' | 'wrong' {
  if (found.value === null || found.version < write.version) return 'lost';
  return found.version > write.version || found.value === write.value ? 'right' : 'wrong';
}
