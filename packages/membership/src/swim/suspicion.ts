import type { NodeId } from '@quorate/core';

/** How long a suspicion lasts. */
export interface SuspicionTimes {
  /** With as many confirmations as count. */
  readonly minMs: number;
  /** With none. */
  readonly maxMs: number;
  /** How many confirmations count; 0 makes it `minMs` from the beginning. */
  readonly confirmations: number;
}

/**
 * A member is doubted, and has some time to say that it lives.
 *
 * Lifeguard (§IV.B, "Local Health Aware Suspicion"): it begins with a long time, which shrinks with every other member that
 * doubts the same, as `max - (max - min) · log(c + 1) / log(k + 1)`. One that is itself in trouble, and therefore doubts
 * many, finds nobody to confirm and waits long enough to hear that it was wrong.
 */
export class Suspicion {
  readonly incarnation: number;
  readonly #times: SuspicionTimes;
  readonly #accusers: Set<NodeId>;
  #startedMs: number;

  constructor(incarnation: number, accuser: NodeId, times: SuspicionTimes, nowMs: number) {
    this.incarnation = incarnation;
    this.#times = times;
    this.#accusers = new Set([accuser]);
    this.#startedMs = nowMs;
  }

  /** How many members beside the first doubt the same. */
  get confirmationCount(): number {
    return this.#accusers.size - 1;
  }

  /** When the member is given up. */
  get dueMs(): number {
    return this.#startedMs + suspicionMs(this.#times, this.confirmationCount);
  }

  /** Counts an accuser. Says whether that was news: then it is to be told on, so that it counts with others, too. */
  confirm(accuser: NodeId): boolean {
    if (this.confirmationCount >= this.#times.confirmations || this.#accusers.has(accuser)) return false;
    this.#accusers.add(accuser);
    return true;
  }

  /** Moves the end by time that does not count, because nothing could be heard in it. */
  postpone(byMs: number): void {
    this.#startedMs += byMs;
  }
}

/** How long a suspicion with that many confirmations lasts. */
export function suspicionMs({ minMs, maxMs, confirmations }: SuspicionTimes, count: number): number {
  if (confirmations <= 0) return minMs;
  const share = Math.log(count + 1) / Math.log(confirmations + 1);
  return Math.max(minMs, maxMs - (maxMs - minMs) * share);
}
