import type { HardState, JournalWrite, LogEntry } from '@quorate/core';
import { controlBytesMax, entryBytesMax } from './batch.ts';
import { kindMax } from './format/record.ts';
import type { GroupState } from './group-state.ts';
import type { JournalLimits } from './journal-options.ts';

/**
 * Checks a write against what its group will hold once all that was accepted before it is durable.
 *
 * @returns how many bytes its records take, at most
 * @throws TypeError or RangeError, which say what is wrong with it
 */
export function checkWrite(write: JournalWrite, group: GroupState, limits: JournalLimits): number {
  const { truncateFrom, entries, hardState } = write;
  if (truncateFrom !== undefined) checkTruncation(truncateFrom, group);
  let byteCount = 0;
  if (entries !== undefined) {
    byteCount = checkEntries(entries, group, truncateFrom ?? group.acceptedLast + 1, limits.recordMaxBytes);
  }
  if (hardState !== undefined) checkHardState(hardState);
  if (hardState !== undefined || truncateFrom !== undefined) {
    byteCount += controlBytesMax({ hardState, truncateFrom });
  }
  if (byteCount > limits.writeMaxBytes) {
    throw new RangeError(`A write must take at most ${limits.writeMaxBytes} bytes: received ${byteCount}`);
  }
  return byteCount;
}

function checkTruncation(from: number, group: GroupState): void {
  const least = Math.max(group.first, (group.snapshot?.metadata.index ?? 0) + 1);
  const most = group.acceptedLast + 1;
  if (Number.isSafeInteger(from) && from >= least && from <= most) return;
  throw new RangeError(
    `Truncation of group ${group.id} must begin at an entry from ${least} to ${most}: received ${String(from)}`,
  );
}

/** @returns how many bytes they take, at most */
function checkEntries(
  entries: readonly LogEntry[],
  group: GroupState,
  first: number,
  payloadMax: number,
): number {
  let byteCount = 0;
  for (let at = 0; at < entries.length; at++) {
    const { index, term, kind, payload } = entries[at] as LogEntry;
    const expected = first + at;
    if (index !== expected) {
      throw new RangeError(
        `Next entry of group ${group.id} must have index ${expected}: received ${String(index)}`,
      );
    }
    if (!Number.isSafeInteger(index) || !Number.isSafeInteger(term) || term < 0) {
      throw new RangeError(
        `Index and term of an entry must be integers from 0 to 2^53 - 1: received ${index}, ${String(term)}`,
      );
    }
    if (!Number.isInteger(kind) || kind < 0 || kind > kindMax) {
      throw new RangeError(
        `Kind of entry ${index} must be an integer from 0 to ${kindMax}: received ${String(kind)}`,
      );
    }
    if (!(payload instanceof Uint8Array)) {
      throw new TypeError(`Payload of entry ${index} must be a Uint8Array: received ${typeof payload}`);
    }
    if (payload.length > payloadMax) {
      throw new RangeError(
        `Payload of entry ${index} must be at most ${payloadMax} bytes: received ${payload.length}`,
      );
    }
    byteCount += entryBytesMax(payload.length);
  }
  return byteCount;
}

function checkHardState({ term, committed, votedFor }: HardState): void {
  for (const [what, value] of [
    ['Term', term],
    ['Committed index', committed],
  ] as const) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    throw new RangeError(`${what} must be an integer from 0 to 2^53 - 1: received ${String(value)}`);
  }
  if (votedFor !== undefined && (typeof votedFor !== 'string' || votedFor.length === 0)) {
    throw new TypeError(`Vote must be a node id or undefined: received "${String(votedFor)}"`);
  }
}
