import type { Invariant } from '../invariant.ts';

/** A session read a key and saw this version of it: a revision, a counter's value, the length of a log. */
export type SessionRead = {
  readonly type: 'read';
  readonly session: string;
  readonly key: string;
  readonly version: number;
};

/**
 * What a session reads of a key never goes back, whichever replica answers. Sessions may be behind each other, and keys apart.
 *
 * Source: Terry et al., "Session Guarantees for Weakly Consistent Replicated Data", PDIS 1994 (monotonic reads).
 */
export function monotonicReads(): Invariant {
  const newest = new Map<string, Map<string, number>>();
  return {
    name: 'monotonic-reads',
    observe(fact, { atMs }) {
      if (fact.type !== 'read') return undefined;
      const { session, key, version } = fact as SessionRead;
      const seen = newest.get(session) ?? new Map<string, number>();
      newest.set(session, seen);
      const before = seen.get(key);
      if (before === undefined || version >= before) {
        seen.set(key, version);
        return undefined;
      }
      const message = `Session ${session} read version ${version} of "${key}" after version ${before}`;
      return { rule: 'monotonic-reads', message, atMs, details: { ...fact, before } };
    },
  };
}
