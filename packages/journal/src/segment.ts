import { type Disk, type DiskFile, errorCode, QuorateError } from '@quorate/core';
import { segmentName } from './format/file-names.ts';
import { segmentHeaderBytes } from './format/segment-header.ts';

/** One file of the journal: a header, then batches, then room. */
export class Segment {
  readonly number: number;
  readonly size: number;
  /** Open for writing while batches go here. */
  file: DiskFile | undefined;
  /** Where the next batch goes. */
  offset: number = segmentHeaderBytes;
  /** Entries that were written here, and those of them that somebody still needs. */
  records = 0;
  live = 0;
  readonly #disk: Disk;
  /** Calls for one file are made one after the other; `undefined` while nobody reads. */
  #reader: Promise<DiskFile> | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #readers = 0;
  #removed = false;

  constructor(disk: Disk, number: number, size: number) {
    this.#disk = disk;
    this.number = number;
    this.size = size;
  }

  get name(): string {
    return segmentName(this.number);
  }

  /** How many bytes of entries are still needed, estimated from their count. */
  get liveBytes(): number {
    return this.records === 0 ? 0 : (this.offset * this.live) / this.records;
  }

  get isRead(): boolean {
    return this.#readers > 0;
  }

  /** Keeps the segment readable, even when it is removed meanwhile. Calls are paired with {@link release}. */
  retain(): void {
    this.#readers++;
  }

  async release(): Promise<void> {
    this.#readers--;
    if (this.#readers === 0 && this.#removed) await this.close();
  }

  /** Reads like {@link DiskFile.read}, by a handle of its own, in turn with other readers. */
  read(into: Uint8Array, offset: number): Promise<number> {
    this.#reader ??= this.#disk.open(this.name);
    const reader = this.#reader;
    const result = this.#turn.then(async () => (await reader).read(into, offset));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /** Opens the read handle now, since the file is about to lose its name while somebody is reading. */
  async detach(): Promise<void> {
    this.#removed = true;
    if (this.#readers === 0) await this.close();
    else if (this.#reader === undefined) await (this.#reader = this.#disk.open(this.name));
  }

  async close(): Promise<void> {
    const { file } = this;
    this.file = undefined;
    await file?.[Symbol.asyncDispose]();
    const reader = this.#reader;
    this.#reader = undefined;
    await this.#turn;
    await (await reader)?.[Symbol.asyncDispose]();
  }
}

/** Removes a file that may be gone already. */
export async function removeIfThere(disk: Disk, name: string): Promise<void> {
  try {
    await disk.remove(name);
  } catch (error) {
    if (!(error instanceof QuorateError && errorCode(error) === 'NOT_FOUND')) throw error;
  }
}
