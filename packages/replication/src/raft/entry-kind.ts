/**
 * What an entry's payload is (`LogEntry.kind`). The core writes the first two itself; every other number is the host's, and
 * the core never looks into it.
 */
export const entryKind: { readonly noop: 0; readonly membership: 1; readonly command: 2 } = {
  /** Empty: a leader's first entry, by whose commit all older ones are committed (Ongaro 2014, §3.6.2). */
  noop: 0,
  /** A change of membership, as `encodeMembershipChange` writes it. */
  membership: 1,
  command: 2,
};

/** What a host hands over to be appended. The bytes belong to the log from then on. */
export interface Proposal {
  readonly kind: number;
  readonly payload: Uint8Array;
}
