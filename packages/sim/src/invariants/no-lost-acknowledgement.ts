import type { Invariant } from '../invariant.ts';
import { andMore } from './and-more.ts';

/** A client was told that its write is safe. Ids are unique over the run. */
export type WriteAcknowledged = { readonly type: 'write-acknowledged'; readonly write: string };

/** Everything that is there, by whoever looked. The last look counts, so the scenario looks once all has settled. */
export type WritesFound = { readonly type: 'writes-found'; readonly writes: readonly string[] };

/**
 * A write that was acknowledged is there at the end, whatever crashed in between.
 *
 * One that was not acknowledged may be there or not: its answer may have been lost. One that is found twice is no matter of
 * this rule; see {@link exactlyOnce}.
 *
 * Source: Gray, "Notes on Data Base Operating Systems", 1978 §5.8 (what commit promises); the set workload of Jepsen.
 */
export function noLostAcknowledgement(): Invariant {
  const acknowledged = new Map<string, number>();
  let found: ReadonlySet<string> | undefined;
  return {
    name: 'no-lost-acknowledgement',
    observe(fact, { atMs }) {
      if (fact.type === 'write-acknowledged') {
        const { write } = fact as WriteAcknowledged;
        if (!acknowledged.has(write)) acknowledged.set(write, atMs);
      }
      if (fact.type === 'writes-found') found = new Set((fact as WritesFound).writes);
      return undefined;
    },
    finish() {
      const rule = 'no-lost-acknowledgement';
      if (found === undefined) {
        if (acknowledged.size === 0) return undefined;
        return {
          // Another rule, so that whoever makes a failing run smaller does not take the reader away.
          rule: 'no-lost-acknowledgement-unread',
          message:
            acknowledged.size === 1
              ? '1 write was acknowledged, and nobody looked for it'
              : `${acknowledged.size} writes were acknowledged, and nobody looked for them`,
        };
      }
      const lost = [...acknowledged.keys()].filter(write => found?.has(write) !== true);
      const [write] = lost;
      if (write === undefined) return undefined;
      const others = andMore(lost.length - 1);
      const message = `Write ${write}, acknowledged at ${acknowledged.get(write)} ms,${others} ${others === '' ? 'is' : 'are'} gone`;
      return { rule, message, details: { lost } };
    },
  };
}
