import { type Clock, QuorateError } from '@quorate/core';
import type { ReplicaReport } from '@quorate/node';

/** How a wait for the group may end before its time. */
export interface GroupWait {
  /** Gives it up. */
  readonly signal?: AbortSignal | undefined;
  /** Gives it up when no majority of the members has answered for so long. Without it, it waits: they may come back. */
  readonly withoutMajorityMs?: number | undefined;
  /** Who must answer, too, member or not. */
  readonly needed?: string | undefined;
}

/** How long somebody who pressed a button waits for a majority: a few elections. */
export const withoutMajorityMs = 3000;

/** How many of so many members decide. */
export function majorityOf(size: number): number {
  return Math.floor(size / 2) + 1;
}

/** The members that do not answer, or whose replica has failed. */
export function silentAmong(ids: readonly string[], reports: readonly ReplicaReport[]): string[] {
  const running = new Set(reports.filter(({ state }) => state === 'running').map(({ id }) => id));
  return ids.filter(id => !running.has(id));
}

/** Why nothing can be decided, in a sentence; nothing where there is a majority. */
export function missingMajority(
  ids: readonly string[],
  reports: readonly ReplicaReport[],
): string | undefined {
  const silent = silentAmong(ids, reports);
  const needed = majorityOf(ids.length);
  if (ids.length - silent.length >= needed) return undefined;
  const who = new Intl.ListFormat('en').format(silent);
  return `No majority: ${who} ${silent.length === 1 ? 'does' : 'do'} not answer, and ${needed} of ${ids.length} replicas must`;
}

/** Ends a wait for a group that has had no majority for too long, or for a node that does not answer. */
export class MajorityWatch {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  readonly #needed: readonly string[];
  #missingSinceMs: number | undefined;

  constructor(clock: Clock, wait: GroupWait) {
    this.#clock = clock;
    this.#patienceMs = wait.withoutMajorityMs ?? Number.POSITIVE_INFINITY;
    this.#needed = wait.needed === undefined ? [] : [wait.needed];
  }

  /**
   * @param askedMs when the members were asked: until then they may have been there
   * @throws QuorateError `NO_MAJORITY`, `NODE_SILENT`
   */
  look(ids: readonly string[], reports: readonly ReplicaReport[], askedMs: number): void {
    const missing = missingMajority(ids, reports);
    const [silent] = silentAmong(this.#needed, reports);
    if (missing === undefined && silent === undefined) {
      this.#missingSinceMs = undefined;
      return;
    }
    this.#missingSinceMs ??= askedMs;
    if (this.#clock.monotonicMs() - this.#missingSinceMs < this.#patienceMs) return;
    const code = missing === undefined ? 'NODE_SILENT' : 'NO_MAJORITY';
    throw new QuorateError(code, missing ?? `${silent} does not answer`, {
      outcome: 'unknown',
      retryable: true,
    });
  }
}
