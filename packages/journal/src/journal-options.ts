import { type Clock, type Disk, type Random, systemClock, systemRandom } from '@quorate/core';
import { alignBytes, segmentBytesMax } from './format/position.ts';
import { payloadLengthMax, recordHeaderBytes } from './format/record.ts';

const kibi = 1024;
const mebi = 1024 * kibi;

/** How {@link openJournal} is told what to open, and its limits. */
export interface JournalOptions {
  /** The folder, which the journal locks and has to itself. */
  readonly disk: Disk;
  /** The size to which segments grow. A multiple of 8 from 64 KiB to 1 GiB; default 64 MiB. */
  readonly segmentBytes?: number;
  /** The size of the first segment; each next one doubles, up to `segmentBytes`. Default 1 MiB, or `segmentBytes` if less. */
  readonly firstSegmentBytes?: number;
  /** The longest payload of an entry. Default and most: 16 MiB - 1, or an eighth of `segmentBytes` if less. */
  readonly recordMaxBytes?: number;
  /** How many groups there may be. Default 65,536. */
  readonly groupsMax?: number;
  /** How much of the journal's end is kept in memory for reads. Default 8 MiB. */
  readonly cacheBytes?: number;
  /** How much may wait for the disk before writes are refused with `JOURNAL_BUSY`. Default 256 MiB. */
  readonly pendingBytesMax?: number;
  /** Times out retries on a full disk, and waits. Default the platform's. */
  readonly clock?: Clock;
  /** Draws the salt of a new journal. Default the platform's. */
  readonly random?: Random;
  /** Gives the opening up. */
  readonly signal?: AbortSignal;
}

/** The numbers among the options, all of them set. */
export interface JournalLimits {
  readonly segmentBytes: number;
  readonly firstSegmentBytes: number;
  readonly recordMaxBytes: number;
  /** The most that one write may take on disk. */
  readonly writeMaxBytes: number;
  /** The most that joins one batch, unless a single write is larger. */
  readonly batchMaxBytes: number;
  /** Room at the end of each segment for what adds no entries, so that a full disk can be emptied. */
  readonly reserveBytes: number;
  readonly groupsMax: number;
  readonly cacheBytes: number;
  readonly pendingBytesMax: number;
}

export interface ResolvedOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal | undefined;
  readonly limits: JournalLimits;
}

/** @throws RangeError where a number is out of its bounds */
export function resolveOptions(options: JournalOptions): ResolvedOptions {
  const segmentBytes = integer('Segment size', options.segmentBytes ?? 64 * mebi, 64 * kibi, segmentBytesMax);
  if (segmentBytes % alignBytes !== 0) {
    throw new RangeError(`Segment size must be a multiple of ${alignBytes} bytes: received ${segmentBytes}`);
  }
  const firstDefault = Math.min(mebi, segmentBytes);
  const first = integer(
    'Size of the first segment',
    options.firstSegmentBytes ?? firstDefault,
    64 * kibi,
    segmentBytes,
  );
  const recordMost = Math.min(payloadLengthMax, segmentBytes / 8);
  const recordMaxBytes = integer(
    'Longest payload',
    options.recordMaxBytes ?? recordMost,
    recordHeaderBytes,
    recordMost,
  );
  return {
    disk: options.disk,
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    signal: options.signal,
    limits: {
      segmentBytes,
      firstSegmentBytes: Math.ceil(first / alignBytes) * alignBytes,
      recordMaxBytes,
      writeMaxBytes: segmentBytes / 2,
      batchMaxBytes: Math.min(4 * mebi, segmentBytes / 4),
      reserveBytes: Math.min(256 * kibi, Math.floor(first / 64) * alignBytes),
      groupsMax: integer('Number of groups', options.groupsMax ?? 65_536, 1, 2 ** 24),
      cacheBytes: integer('Cache', options.cacheBytes ?? 8 * mebi, 0, 2 ** 40),
      pendingBytesMax: integer('Pending bytes', options.pendingBytesMax ?? 256 * mebi, 1, 2 ** 40),
    },
  };
}

function integer(what: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${what} must be an integer from ${min} to ${max}: received ${String(value)}`);
  }
  return value;
}
