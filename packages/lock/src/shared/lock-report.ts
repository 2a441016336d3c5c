import type { Gate } from './gate.ts';
import type { PlacedLock } from './lock-place.ts';
import { counterIndex } from './waiting-room.ts';

/** What a lock tells of itself; each figure was true for a moment, and not all at the same. */
export interface LockReport {
  readonly name: string;
  /** Team members who hold it for themselves, dead ones that nobody has taken over from included. */
  readonly owners: readonly number[];
  /** How many wait now. */
  readonly waiters: number;
  /** How often somebody had to wait, was woken, was handed the lock out of turn, took over from a dead thread. Modulo 2^32. */
  readonly waits: number;
  readonly wakes: number;
  readonly handOffs: number;
  readonly takeovers: number;
}

export function reportOf({ name, words, size }: PlacedLock, gate: Gate): LockReport {
  const count = (index: number): number => Atomics.load(words.counters, index) >>> 0;
  const owners = new Set<number>();
  for (let slot = 0; slot < size.slots; slot++) owners.add(gate.ownerOf(slot));
  owners.delete(0);
  return {
    name,
    owners: [...owners],
    waiters: gate.room.waiterCount(),
    waits: count(counterIndex.waits),
    wakes: count(counterIndex.wakes),
    handOffs: count(counterIndex.handOffs),
    takeovers: count(counterIndex.takeovers),
  };
}
