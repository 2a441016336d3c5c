import { type Disk, type DiskFile, errorCode, QuorateError } from '@quorate/core';
import { segmentName } from './format/file-names.ts';
import { segmentHeaderBytes } from './format/segment-header.ts';
import { closed } from './journal-error.ts';
import { type HandleHolder, ReadHandles } from './read-handles.ts';

/** One file of the journal: a header, then batches, then room. */
export class Segment implements HandleHolder {
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
  /** Reads that wait or are under way. */
  #reads = 0;
  #readers = 0;
  /** The end of handles that were let go of. */
  #closing: Promise<unknown> = Promise.resolve();
  #removed = false;
  #closed = false;

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
  async read(into: Uint8Array, offset: number): Promise<number> {
    // A read that goes on after this would open the file anew, for nobody to close.
    if (this.#closed) throw closed();
    const reader = (this.#reader ??= this.#openReader());
    this.#reads++;
    ReadHandles.of(this.#disk).used(this);
    const result = this.#turn.then(async () => (await reader).read(into, offset));
    this.#turn = result.catch(() => undefined);
    try {
      return await result;
    } finally {
      this.#reads--;
    }
  }

  /** Nothing is written here any more. */
  seal(): void {
    const { file } = this;
    this.file = undefined;
    if (file !== undefined) this.#closeLater(file[Symbol.asyncDispose]());
  }

  letGo(): boolean {
    const reader = this.#reader;
    if (this.#reads > 0 || this.#removed || reader === undefined) return false;
    this.#reader = undefined;
    this.#closeLater(dispose(reader));
    return true;
  }

  /** Opens the read handle now, since the file is about to lose its name while somebody is reading. */
  async detach(): Promise<void> {
    this.#removed = true;
    if (this.#readers === 0) await this.close();
    else await (this.#reader ??= this.#openReader());
  }

  /** Nothing is read or written here any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.seal();
    const reader = this.#reader;
    this.#reader = undefined;
    ReadHandles.of(this.#disk).closed(this);
    await this.#turn;
    if (reader !== undefined) this.#closeLater(dispose(reader));
    await this.#closing;
  }

  /** What could not be opened is tried again by the next who reads. */
  #openReader(): Promise<DiskFile> {
    const reader = this.#disk.open(this.name);
    reader.catch(() => {
      if (this.#reader === reader) this.#reader = undefined;
    });
    return reader;
  }

  /** What fails here is of no use to anybody: nothing was written by a read handle, and all of it synced by the other. */
  #closeLater(closing: PromiseLike<void>): void {
    this.#closing = Promise.allSettled([this.#closing, closing]);
  }
}

async function dispose(reader: Promise<DiskFile>): Promise<void> {
  await (await reader)[Symbol.asyncDispose]();
}

/** Removes a file that may be gone already. */
export async function removeIfThere(disk: Disk, name: string): Promise<void> {
  try {
    await disk.remove(name);
  } catch (error) {
    if (!(error instanceof QuorateError && errorCode(error) === 'NOT_FOUND')) throw error;
  }
}
