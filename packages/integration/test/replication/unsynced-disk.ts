import {
  type Disk,
  type DiskCapabilities,
  type DiskFile,
  type Done,
  QuorateError,
  type Random,
  sleep,
  systemClock,
} from '@quorate/core';

/** What a fault does to a disk. */
export interface DiskFaults {
  /** There is no room for anything longer. */
  isFull: boolean;
  /** No sync and no durable write ends before this, on the system's monotonic clock. */
  stalledUntilMs: number;
}

interface Held {
  readonly bytes: Uint8Array;
  readonly offset: number;
}

/**
 * A disk whose unsynced writes are in the process's own memory. The kernel keeps what a killed process has written; here
 * SIGKILL takes what a power failure would: of what was not synced any sectors may be left. What was written durably is left;
 * one file of two has such writes, so that whoever uses it shows both of its ways.
 *
 * Writes beyond the end of a file go through at once, since the file's length is the kernel's.
 */
export class UnsyncedDisk implements Disk {
  readonly capabilities: DiskCapabilities;
  readonly #disk: Disk;
  readonly #random: Random;
  readonly #faults: DiskFaults;

  constructor(disk: Disk, random: Random, faults: DiskFaults) {
    this.capabilities = disk.capabilities;
    this.#disk = disk;
    this.#random = random;
    this.#faults = faults;
  }

  async open(name: string, options?: { readonly create?: boolean }): Promise<DiskFile> {
    const file = await this.#disk.open(name, options);
    return new UnsyncedFile(file, this.capabilities.sectorBytes, this.#random, this.#faults);
  }

  list(): Promise<readonly string[]> {
    return this.#disk.list();
  }

  rename(from: string, to: string): Promise<void> {
    return this.#disk.rename(from, to);
  }

  remove(name: string): Promise<void> {
    return this.#disk.remove(name);
  }

  syncNames(): Promise<void> {
    return this.#disk.syncNames();
  }

  lock(): Promise<AsyncDisposable> {
    return this.#disk.lock();
  }
}

class UnsyncedFile implements DiskFile {
  readonly name: string;
  declare readonly writeDurably?: (chunks: readonly Uint8Array[], offset: number) => Promise<void>;
  readonly #file: DiskFile;
  readonly #sectorBytes: number;
  readonly #random: Random;
  readonly #faults: DiskFaults;
  #held: Held[] = [];

  constructor(file: DiskFile, sectorBytes: number, random: Random, faults: DiskFaults) {
    this.name = file.name;
    this.#file = file;
    this.#sectorBytes = sectorBytes;
    this.#random = random;
    this.#faults = faults;
    if (random.below(2) === 0) {
      this.writeDurably = (chunks, offset) => this.#writeDurably(Buffer.concat(chunks), offset);
    }
  }

  get size(): number {
    return this.#file.size;
  }

  write(chunks: readonly Uint8Array[], offset: number): Done {
    const bytes = Buffer.concat(chunks);
    if (offset + bytes.length > this.size) return this.#extend(bytes, offset);
    this.#held.push({ bytes, offset });
    return this.#random.below(4) === 0 ? this.#tear(bytes, offset) : undefined;
  }

  async sync(): Promise<void> {
    await this.#writeHeld();
    await this.#stalled();
    await this.#file.sync();
  }

  async read(into: Uint8Array, offset: number): Promise<number> {
    const count = await this.#file.read(into, offset);
    for (const { bytes, offset: at } of this.#held) {
      const from = Math.max(at, offset);
      const to = Math.min(at + bytes.length, offset + count);
      if (from < to) into.set(bytes.subarray(from - at, to - at), from - offset);
    }
    return count;
  }

  async allocate(size: number): Promise<void> {
    this.#checkRoom();
    await this.#writeHeld();
    await this.#file.allocate(size);
  }

  async truncate(size: number): Promise<void> {
    await this.#writeHeld();
    await this.#file.truncate(size);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writeHeld();
    await this.#file[Symbol.asyncDispose]();
  }

  async #extend(bytes: Uint8Array, offset: number): Promise<void> {
    this.#checkRoom();
    await this.#writeHeld();
    await this.#file.write([bytes], offset);
  }

  /** These bytes alone become durable: what else was written stays as it is. Until it is done any sectors may be there. */
  async #writeDurably(bytes: Uint8Array, offset: number): Promise<void> {
    const end = offset + bytes.length;
    if (end > this.size) this.#checkRoom();
    else if (this.#random.below(4) === 0) await this.#tear(bytes, offset);
    await this.#stalled();
    this.#held = this.#held.flatMap(held => outside(held, offset, end));
    if (this.#file.writeDurably !== undefined) return await this.#file.writeDurably([bytes], offset);
    await this.#file.write([bytes], offset);
    await this.#file.sync();
  }

  async #stalled(): Promise<void> {
    const leftMs = this.#faults.stalledUntilMs - systemClock.monotonicMs();
    if (leftMs > 0) await sleep(systemClock, leftMs);
  }

  /** Some of it is on the medium before it is synced. */
  async #tear(bytes: Uint8Array, offset: number): Promise<void> {
    const sectorBytes = this.#sectorBytes;
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + sectorBytes - ((offset + at) % sectorBytes));
      if (this.#random.below(2) === 0) await this.#file.write([bytes.subarray(at, end)], offset + at);
      at = end;
    }
  }

  async #writeHeld(): Promise<void> {
    while (this.#held[0] !== undefined) {
      const { bytes, offset } = this.#held[0];
      await this.#file.write([bytes], offset);
      this.#held.shift();
    }
  }

  #checkRoom(): void {
    if (!this.#faults.isFull) return;
    throw new QuorateError('STORAGE_FULL', `There is no room in "${this.name}"`, {
      retryable: true,
      outcome: 'not-applied',
    });
  }
}

/** What of a write is not between `start` and `end`. */
function outside({ bytes, offset }: Held, start: number, end: number): Held[] {
  const before = bytes.subarray(0, Math.max(0, start - offset));
  const after = bytes.subarray(Math.min(bytes.length, Math.max(0, end - offset)));
  const parts = [
    { bytes: before, offset },
    { bytes: after, offset: offset + bytes.length - after.length },
  ];
  return parts.filter(part => part.bytes.length > 0);
}
