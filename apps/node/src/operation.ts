import type { ProblemBody } from './problem.ts';

/** What a client asks of one key. */
export type Operation =
  | { readonly kind: 'get'; readonly key: string }
  | { readonly kind: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly kind: 'delete'; readonly key: string };

/**
 * What became of an {@link Operation}. Versions of one key only grow: over overwrites, deletions, moves and crashes.
 *
 * `moved` is for nodes alone: the one that was asked does not own the key in the view it names.
 */
export type Reply =
  | { readonly kind: 'found'; readonly version: number; readonly value: Uint8Array }
  | { readonly kind: 'absent' }
  | { readonly kind: 'stored'; readonly version: number; readonly created: boolean }
  | { readonly kind: 'deleted'; readonly version: number; readonly existed: boolean }
  | { readonly kind: 'moved'; readonly epoch: number }
  | { readonly kind: 'refused'; readonly problem: ProblemBody };

/** What a client gets to see. */
export type FinalReply = Exclude<Reply, { readonly kind: 'moved' }>;

/** A value and the version under which it was stored. Values are never changed in place. */
export interface Entry {
  readonly value: Uint8Array;
  readonly version: number;
}

/** One epoch's share of the versions: 2^32 writes a node, so that 2^21 epochs fit an exact integer. */
const versionsPerEpoch = 0x1_0000_0000;

/**
 * The lowest version that a node in `epoch` may give.
 *
 * A key is owned by one node per epoch and owners count upwards, so versions that start with the epoch grow without the
 * owners telling each other where they were; even when one of them is gone.
 */
export function firstVersion(epoch: number): number {
  return epoch * versionsPerEpoch;
}

/** The epoch in which a version was given. */
export function epochOfVersion(version: number): number {
  return Math.floor(version / versionsPerEpoch);
}

/** A version as people read it: epoch, a point, and the count within the epoch. */
export function formatVersion(version: number): string {
  return `${epochOfVersion(version)}.${version % versionsPerEpoch}`;
}
