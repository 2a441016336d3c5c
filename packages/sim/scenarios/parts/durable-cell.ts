import type { Disk, DiskFile } from '@quorate/core';
import { checksum } from './checksum.ts';

const slotBytes = 4096;

/**
 * One JSON value on disk that is replaced whole: two slots take turns, each with a number and a checksum, so that a torn write
 * leaves the other one as it was.
 */
export class DurableCell<Value> {
  readonly #file: DiskFile;
  #version: number;
  #value: Value;
  #writing: Promise<void> = Promise.resolve();

  private constructor(file: DiskFile, version: number, value: Value) {
    this.#file = file;
    this.#version = version;
    this.#value = value;
  }

  /** Finds what was set last, or `initial` where nothing was. */
  static async open<Value>(disk: Disk, name: string, initial: Value): Promise<DurableCell<Value>> {
    const exists = (await disk.list()).includes(name);
    const file = await disk.open(name, exists ? {} : { create: true });
    if (!exists || file.size < 2 * slotBytes) {
      await file.allocate(2 * slotBytes);
      await disk.syncNames();
    }
    const found = await Promise.all([0, 1].map(slot => readSlot<Value>(file, slot)));
    const newest = found.reduce((best, slot) => ((slot?.version ?? 0) > (best?.version ?? 0) ? slot : best));
    return new DurableCell(file, newest?.version ?? 0, newest === undefined ? initial : newest.value);
  }

  get value(): Value {
    return this.#value;
  }

  /** Resolves when all that was set so far is durable. */
  settled(): Promise<void> {
    return this.#writing;
  }

  /** Replaces the value at once; resolves when it is durable, and what was set before too. */
  set(value: Value): Promise<void> {
    this.#value = value;
    const version = ++this.#version;
    const bytes = encodeSlot(version, value);
    this.#writing = this.#writing.then(async () => {
      await this.#file.write([bytes], (version % 2) * slotBytes);
      await this.#file.sync();
    });
    return this.#writing;
  }
}

interface Slot<Value> {
  readonly version: number;
  readonly value: Value;
}

async function readSlot<Value>(file: DiskFile, slot: number): Promise<Slot<Value> | undefined> {
  const bytes = new Uint8Array(slotBytes);
  await file.read(bytes, slot * slotBytes);
  const view = new DataView(bytes.buffer);
  const length = view.getUint32(0);
  if (length === 0 || length > slotBytes - 8) return undefined;
  const content = bytes.subarray(8, 8 + length);
  if (view.getUint32(4) !== checksum(content)) return undefined;
  return JSON.parse(new TextDecoder().decode(content)) as Slot<Value>;
}

function encodeSlot(version: number, value: unknown): Uint8Array {
  const content = new TextEncoder().encode(JSON.stringify({ version, value }));
  if (content.length > slotBytes - 8)
    throw new RangeError(`Value must be at most ${slotBytes - 8} bytes: received ${content.length}`);
  const bytes = new Uint8Array(slotBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  view.setUint32(4, checksum(content));
  bytes.set(content, 8);
  return bytes;
}
