import { type Struct, defineStruct } from '@quorate/threads';

/** What the threads of a contest share beside the lock. */
export const Contest: Struct<{
  readonly round: 'int32';
  readonly arrived: 'int32';
  readonly done: 'int32';
  readonly met: 'int32';
  readonly left: 'int32';
  readonly inside: 'int32';
  readonly overlaps: 'int32';
}> = defineStruct([
  /** The round that runs: threads wait for it to change; a negative one ends them. */
  { round: 'int32' },
  /** Who has woken for the round, of which nobody takes a turn before all have; and who has finished it. */
  { arrived: 'int32' },
  { done: 'int32' },
  /** How often somebody has come to where those who take turns at the same moment meet before each. */
  { met: 'int32' },
  /**
   * Turns that are left, whether somebody is in, and how often somebody was not alone: plain words,
   * which two at once get wrong. Only the lock's owner touches them.
   */
  { left: 'int32', inside: 'int32', overlaps: 'int32' },
]);

/** What each thread tells of a round. Times in ns of the machine's clock. */
export const Turns: Struct<{
  readonly taken: 'int32';
  readonly startNs: 'float64';
  readonly endNs: 'float64';
}> = defineStruct({ taken: 'int32', startNs: 'float64', endNs: 'float64' }, { isolate: true });

export const contestBytes = (threads: number): number => Contest.size + threads * Turns.size;
