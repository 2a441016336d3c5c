import { type Clock, type Disk, type DiskFile, errorCode, invariant, QuorateError } from '@quorate/core';
import { segmentName, spareName, temporaryEnding } from './format/file-names.ts';
import { segmentNumberMax } from './format/position.ts';
import { encodeSegmentHeader, segmentHeaderBytes } from './format/segment-header.ts';
import { closed, storageFull } from './journal-error.ts';
import type { JournalLimits } from './journal-options.ts';
import { removeIfThere, Segment } from './segment.ts';
import type { SegmentList } from './segment-list.ts';

/** Room is asked for in such steps, so that a disk that is nearly full gives what it has, and syncs are not held up for long. */
const allocationStepBytes = 1024 * 1024;

/** How much faster the next segment is made than the active one's second half is used. */
const leadFactor = 1.5;

/** A full disk is asked again after this time; whoever writes before is refused at once. */
export const fullRetryMs = 50;

/**
 * The journal's files: sealed segments, the active one, and the next, which is made ready while there is still room in the
 * active one. Segments double in size from `firstSegmentBytes`, so that a small journal is small.
 */
export class Segments {
  readonly #disk: Disk;
  readonly #limits: JournalLimits;
  readonly #clock: Clock;
  readonly salt: number;
  readonly list: SegmentList;
  #next: Segment | undefined;
  #spare: number | undefined;
  #preparing: Promise<void> | undefined;
  /** How much of the next segment there is, of how much, and what goes on with it where that waits. */
  #made = 0;
  #wanted = 0;
  #goOn: (() => void) | undefined;
  /** Whether somebody waits for the next segment. */
  #hurries = false;
  #closing = false;
  #fullUntilMs = Number.NEGATIVE_INFINITY;
  #fullCause: unknown;

  constructor(
    disk: Disk,
    limits: JournalLimits,
    clock: Clock,
    salt: number,
    list: SegmentList,
    next?: Segment,
  ) {
    this.#disk = disk;
    this.#limits = limits;
    this.#clock = clock;
    this.salt = salt;
    this.list = list;
    this.#next = next;
  }

  get active(): Segment {
    return this.list.active;
  }

  /** Whether a batch goes into the active segment as it is. The reserve is for batches that add no entries. */
  fits(byteCount: number, control: boolean): boolean {
    const { active } = this;
    const end = active.offset + byteCount;
    return end <= active.size - (control ? 0 : this.#limits.reserveBytes);
  }

  /** Makes the next segment the active one, if it is ready and large enough. */
  roll(byteCount: number): boolean {
    const next = this.#next;
    if (next === undefined || segmentHeaderBytes + byteCount + this.#limits.reserveBytes > next.size) {
      return false;
    }
    this.#next = undefined;
    this.active.seal();
    this.list.push(next);
    return true;
  }

  /**
   * Begins to make the next segment ready once half of the active one is used, and goes on as more is, so that it is there in
   * time. All of it at once would be a burst of writes that every sync on this disk has to wait for, in this
   * journal and in others. Errors show when it is needed.
   */
  prepareEarly(): void {
    const { active } = this;
    if (this.#goOn !== undefined && this.#isTime()) this.#goOn();
    if (this.#next !== undefined || this.#preparing !== undefined) return;
    if (active.offset < active.size / 2 || this.#clock.monotonicMs() < this.#fullUntilMs) return;
    this.prepare(0).catch(() => undefined);
  }

  /**
   * Makes a next segment ready that has room for a batch.
   *
   * @throws QuorateError `STORAGE_FULL`, and nothing has changed
   */
  async prepare(byteCount: number): Promise<void> {
    while (this.#preparing !== undefined) {
      this.#hurry();
      await this.#preparing.catch(() => undefined);
    }
    this.#hurries = byteCount > 0;
    if (this.#clock.monotonicMs() < this.#fullUntilMs) throw storageFull('the write', this.#fullCause);
    this.#preparing = this.#prepare(segmentHeaderBytes + byteCount + this.#limits.reserveBytes);
    try {
      await this.#preparing;
    } catch (error) {
      if (!isPassing(error)) throw error;
      this.#fullUntilMs = this.#clock.monotonicMs() + fullRetryMs;
      this.#fullCause = error;
      throw errorCode(error) === 'STORAGE_FULL' ? error : storageFull('a segment', error);
    } finally {
      this.#preparing = undefined;
    }
  }

  /** Forgets the oldest segment, whose file is kept for the next one or removed. */
  async giveBackOldest(): Promise<void> {
    const segment = this.list.shift();
    const wanted = segment.size >= this.#sizeOf(this.active.number + 1);
    const recycles = wanted && this.#spare === undefined && !segment.isRead;
    await segment.detach();
    if (recycles) {
      await this.#disk.rename(segment.name, spareName);
      this.#spare = segment.size;
    } else {
      await this.#disk.remove(segment.name);
    }
    this.#fullUntilMs = Number.NEGATIVE_INFINITY;
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#goOn?.();
    await this.#preparing?.catch(() => undefined);
    for (const segment of this.list.all) await segment.close();
    await this.#next?.close();
  }

  #hurry(): void {
    this.#hurries = true;
    this.#goOn?.();
  }

  /** Whether so much of the active segment is used that more of the next one is made. */
  #isTime(): boolean {
    const { active } = this;
    const usedOfHalf = (2 * active.offset - active.size) / active.size;
    return this.#hurries || this.#made <= this.#wanted * usedOfHalf * leadFactor;
  }

  /** Waits until it is time for more of the next segment. */
  async #paced(made: number): Promise<void> {
    this.#made = made;
    if (!this.#isTime() && !this.#closing) await new Promise<void>(resolve => (this.#goOn = resolve));
    this.#goOn = undefined;
    // Nobody will write into it.
    if (this.#closing) throw closed();
  }

  /** The standard size of a segment. */
  #sizeOf(number: number): number {
    const { firstSegmentBytes, segmentBytes } = this.#limits;
    return Math.min(segmentBytes, firstSegmentBytes * 2 ** Math.min(number - 1, 30));
  }

  async #prepare(bytesMin: number): Promise<void> {
    const ready = this.#next;
    if (ready !== undefined && ready.size >= bytesMin) return;
    const number = this.active.number + 1;
    this.#wanted = Math.max(bytesMin, this.#sizeOf(number));
    invariant(number <= segmentNumberMax, 'segment numbers are used up');
    this.#next = undefined;
    await ready?.close();
    this.#next = await createSegment(this.#disk, {
      number,
      salt: this.salt,
      bytesMin,
      bytesWanted: this.#wanted,
      from: this.#takeSpare(bytesMin),
      paced: made => this.#paced(made),
    });
  }

  #takeSpare(bytesMin: number): string | undefined {
    const size = this.#spare;
    this.#spare = undefined;
    return size !== undefined && size >= bytesMin ? spareName : undefined;
  }
}

/** Whether a segment could not be made now, and can be later: there is no room, or no file left to open. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof QuorateError)) return false;
  return error.code === 'STORAGE_FULL' || (error.retryable && error.outcome === 'not-applied');
}

/** What {@link createSegment} makes. */
export interface NewSegment {
  readonly number: number;
  readonly salt: number;
  readonly bytesMin: number;
  readonly bytesWanted: number;
  /** A file whose room is used again, its old batches being recognised as such. */
  readonly from?: string | undefined;
  /** Is told how much room there is before more is made, and waited for. */
  readonly paced?: (made: number) => Promise<void>;
}

/** Makes a segment whose room, header and name are durable, in place of one of that number that was never used. */
export async function createSegment(disk: Disk, wanted: NewSegment): Promise<Segment> {
  const { number, from } = wanted;
  const temporary = `${segmentName(number)}${temporaryEnding}`;
  if (from === undefined) {
    await removeIfThere(disk, temporary);
  } else {
    await disk.rename(from, temporary);
    // Its old name must be gone before its header is: a crash would else bring back a segment that is another one.
    await disk.syncNames();
  }
  try {
    const size = await writeSegment(disk, temporary, wanted);
    await disk.rename(temporary, segmentName(number));
    await disk.syncNames();
    const segment = new Segment(disk, number, size);
    // Opened anew, so that its errors tell the name that it has now.
    segment.file = await disk.open(segment.name);
    return segment;
  } catch (error) {
    await removeIfThere(disk, temporary).catch(() => undefined);
    throw error;
  }
}

/** Makes room and header of a segment durable under a temporary name, and says how much room there is. */
async function writeSegment(disk: Disk, temporary: string, wanted: NewSegment): Promise<number> {
  await using file = await disk.open(temporary, { create: wanted.from === undefined });
  const size = await allocate(file, wanted);
  const header = encodeSegmentHeader({ number: wanted.number, salt: wanted.salt, size });
  await file.write([header.bytes], 0);
  await file.sync();
  return size;
}

/** Gets as much room as is wanted, or as there is if that is enough. */
async function allocate(file: DiskFile, { bytesMin, bytesWanted, paced }: NewSegment): Promise<number> {
  for (let size = file.size; size < bytesWanted; ) {
    await paced?.(size);
    const next = Math.min(size + allocationStepBytes, bytesWanted);
    try {
      await file.allocate(next);
    } catch (error) {
      if (errorCode(error) !== 'STORAGE_FULL' || size < bytesMin) throw error;
      return size;
    }
    size = next;
  }
  return file.size;
}
