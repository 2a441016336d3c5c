import type { Enqueued, Entry } from '@quorate/core';
import { decodeTicket, type TicketMode } from './ticket-value.ts';

/** What a queue means for one who stands in it. */
export type Verdict =
  | { readonly type: 'granted' }
  /** Waiting would be waiting for oneself. */
  | { readonly type: 'conflict' }
  | {
      readonly type: 'blocked';
      /** Who is in the way, as far as it must be known: each one's session is observed. */
      readonly by: readonly Entry[];
      /** Whose changes say when to look again: one key, or the whole queue. */
      readonly watch: 'key' | 'queue';
    }
  /** Those that were listed do not tell. */
  | { readonly type: 'more' };

/** When an entry's turn has come. Pure. */
export interface TicketRule {
  readonly mode: TicketMode;
  /** How many entries to list at a time, itself included. */
  readonly pageSize: number;
  /** How many of the earlier ones must never go for this one to wait for ever. */
  readonly need: number;
  /** What the answer to an `enqueue` tells already. */
  atOnce(enqueued: Enqueued): Verdict;
  /** @param earlier those created before, youngest first; `isComplete` when there are no others */
  judge(earlier: readonly Entry[], isComplete: boolean): Verdict;
}

const granted: Verdict = { type: 'granted' };
const more: Verdict = { type: 'more' };

function blockedBy(entry: Entry): Verdict {
  return { type: 'blocked', by: [entry], watch: 'key' };
}

function modeOf(entry: Entry): TicketMode {
  return decodeTicket(entry.value).head.mode;
}

/** Nobody before it. It waits for the one directly before it. */
export const aloneRule: TicketRule = {
  mode: 'x',
  pageSize: 2,
  need: 1,
  atOnce: ({ predecessor }) => (predecessor === undefined ? granted : blockedBy(predecessor)),
  judge: ([predecessor]) => (predecessor === undefined ? granted : blockedBy(predecessor)),
};

/** No writer before it. It waits for the last of them. */
export const readRule: TicketRule = {
  mode: 'r',
  pageSize: 64,
  need: 1,
  atOnce({ predecessor }) {
    if (predecessor === undefined) return granted;
    return modeOf(predecessor) === 'x' ? blockedBy(predecessor) : more;
  },
  judge(earlier, isComplete) {
    const writer = earlier.find(entry => modeOf(entry) === 'x');
    if (writer !== undefined) return blockedBy(writer);
    return isComplete ? granted : more;
  },
};

/**
 * Fewer than so many before it. The first in line looks at everything that happens in the queue; who stands behind waits for the
 * one directly before, who tells by a write when it got its permit.
 */
export function permitRule(permits: number): TicketRule {
  return {
    mode: 'p',
    pageSize: permits + 2,
    need: permits,
    atOnce: ({ predecessor }) => (predecessor === undefined ? granted : more),
    judge(earlier) {
      if (earlier.length < permits) return granted;
      if (earlier.length === permits) return { type: 'blocked', by: earlier, watch: 'queue' };
      return blockedBy(earlier[0] as Entry);
    },
  };
}

/** Nobody before it but the read lock that it comes from. Whoever writes waits for that one, so there is no waiting for them. */
export function upgradeRule(readKey: string): TicketRule {
  return {
    mode: 'x',
    pageSize: 64,
    need: 1,
    atOnce: () => more,
    judge(earlier, isComplete) {
      if (earlier.some(entry => modeOf(entry) === 'x')) return { type: 'conflict' };
      if (!isComplete) return more;
      const reader = earlier.find(({ key }) => key !== readKey);
      return reader === undefined ? granted : blockedBy(reader);
    },
  };
}
