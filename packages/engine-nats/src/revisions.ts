import type { Revision } from '@quorate/core';

/**
 * How many revisions one message of the stream may give. The stream's numbers may then grow to 2^45 until revisions reach 2^53:
 * a century of 10,000 messages a second.
 */
export const revisionsPerMessage = 256;

/** The first revision that a message gives. */
export function firstRevisionOf(sequence: number): Revision {
  return (sequence * revisionsPerMessage) as Revision;
}

/** Larger than every revision up to and with a message, and smaller than those after it. */
export function revisionAfter(sequence: number): Revision {
  return (sequence * revisionsPerMessage + revisionsPerMessage - 1) as Revision;
}
