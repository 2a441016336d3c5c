import type { JournalWrite, SnapshotMetadata } from '@quorate/core';
import type { LogBounds } from './journal-group.ts';

/** @throws RangeError unless the write joins a log of these bounds */
export function checkWrite(write: JournalWrite, bounds: LogBounds, recordMaxBytes: number): void {
  const { truncateFrom, entries = [] } = write;
  let { last } = bounds;
  if (truncateFrom !== undefined) {
    checkInteger('Index to truncate from', truncateFrom);
    const least = Math.max(bounds.first, bounds.snapshotIndex + 1);
    if (truncateFrom < least) {
      throw new RangeError(`Index to truncate from must be at least ${least}: received ${truncateFrom}`);
    }
    last = Math.min(last, truncateFrom - 1);
  }
  for (const { index, payload } of entries) {
    if (index !== last + 1) {
      throw new RangeError(
        `Index of an entry must be ${last + 1}, one more than the last: received ${index}`,
      );
    }
    if (payload.length > recordMaxBytes) {
      throw new RangeError(
        `Payload of entry ${index} must be at most ${recordMaxBytes} bytes: received ${payload.length}`,
      );
    }
    last = index;
  }
}

/** @throws RangeError unless a log of these bounds holds every entry that is asked for */
export function checkRange(from: number, to: number, bounds: LogBounds): void {
  checkInteger('First index', from);
  checkInteger('End index', to);
  if (from < bounds.first)
    throw new RangeError(`First index must be at least ${bounds.first}: received ${from}`);
  if (to > bounds.last + 1)
    throw new RangeError(`End index must be at most ${bounds.last + 1}: received ${to}`);
  if (from > to) throw new RangeError(`First index must be at most the end index ${to}: received ${from}`);
}

/** @throws RangeError where the snapshot is older than the one that is held */
export function checkSnapshot(metadata: SnapshotMetadata, bounds: LogBounds): void {
  checkInteger('Index of a snapshot', metadata.index);
  if (metadata.index >= Math.max(1, bounds.snapshotIndex)) return;
  throw new RangeError(
    `Index of a snapshot must be at least ${Math.max(1, bounds.snapshotIndex)}: received ${metadata.index}`,
  );
}

/** @throws RangeError unless an index */
export function checkCompaction(upTo: number): void {
  checkInteger('Index to compact up to', upTo);
}

function checkInteger(what: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new RangeError(`${what} must be an integer of at least 0: received ${String(value)}`);
}
