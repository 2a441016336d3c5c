import type { JournalWrite, LogEntry, SnapshotMetadata } from './journal.ts';
import type { LogBounds } from './journal-group.ts';

/** A byte, as in the real journal. */
const kindMax = 0xff;

/** @throws TypeError, RangeError unless the write joins a log of these bounds */
export function checkJournalWrite(write: JournalWrite, bounds: LogBounds, recordMaxBytes: number): void {
  const { truncateFrom, entries = [], hardState } = write;
  if (truncateFrom !== undefined) {
    const least = Math.max(bounds.first, bounds.snapshotIndex + 1);
    const most = bounds.last + 1;
    if (!Number.isSafeInteger(truncateFrom) || truncateFrom < least || truncateFrom > most) {
      throw new RangeError(
        `Truncation must begin at an entry from ${least} to ${most}: received ${truncateFrom}`,
      );
    }
  }
  let expected = truncateFrom ?? bounds.last + 1;
  for (const entry of entries) {
    if (entry.index !== expected) {
      throw new RangeError(`Next entry must have index ${expected}: received ${String(entry.index)}`);
    }
    checkEntry(entry, recordMaxBytes);
    expected++;
  }
  if (hardState === undefined) return;
  checkInteger('Term', hardState.term);
  checkInteger('Committed index', hardState.committed);
}

function checkEntry({ index, term, kind, payload }: LogEntry, recordMaxBytes: number): void {
  checkInteger(`Term of entry ${index}`, term);
  if (!Number.isInteger(kind) || kind < 0 || kind > kindMax) {
    throw new RangeError(
      `Kind of entry ${index} must be an integer from 0 to ${kindMax}: received ${String(kind)}`,
    );
  }
  if (!(payload instanceof Uint8Array)) {
    throw new TypeError(`Payload of entry ${index} must be a Uint8Array: received ${typeof payload}`);
  }
  if (payload.length <= recordMaxBytes) return;
  throw new RangeError(
    `Payload of entry ${index} must be at most ${recordMaxBytes} bytes: received ${payload.length}`,
  );
}

/** @throws RangeError unless a log of these bounds holds every entry that is asked for */
export function checkJournalRange(from: number, to: number, bounds: LogBounds): void {
  checkInteger('First index', from);
  checkInteger('End index', to);
  if (from < bounds.first)
    throw new RangeError(`First index must be at least ${bounds.first}: received ${from}`);
  if (to > bounds.last + 1)
    throw new RangeError(`End index must be at most ${bounds.last + 1}: received ${to}`);
  if (from > to) throw new RangeError(`First index must be at most the end index ${to}: received ${from}`);
}

/** @throws RangeError where the snapshot is older than the one that is held */
export function checkJournalSnapshot(metadata: SnapshotMetadata, bounds: LogBounds): void {
  checkInteger('Index of a snapshot', metadata.index);
  checkInteger('Term of a snapshot', metadata.term);
  if (metadata.index >= Math.max(1, bounds.snapshotIndex)) return;
  throw new RangeError(
    `Index of a snapshot must be at least ${Math.max(1, bounds.snapshotIndex)}: received ${metadata.index}`,
  );
}

/** @throws RangeError unless an index */
export function checkJournalCompaction(upTo: number): void {
  checkInteger('Index to compact up to', upTo);
}

function checkInteger(what: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new RangeError(`${what} must be an integer of at least 0: received ${String(value)}`);
}
