import { type Disk, type DiskFile, type Done, QuorateError, type Random } from '@quorate/core';

const sectorBytes = 512;

interface Write {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

interface Content {
  durable: Uint8Array;
  current: Uint8Array;
  pending: Write[];
}

/** What a crash keeps of writes that were not synced: everything, nothing, or each sector by chance. */
export type CrashKind = 'all' | 'none' | 'any';

export interface CrashDiskOptions {
  /** Answers at once, as a disk that blocks its thread. */
  readonly atOnce?: boolean;
  /** Has durable writes, which are one call. */
  readonly durably?: boolean;
}

/**
 * A disk in memory that can end at any of its calls: the numbered calls are those that change something. What is left is
 * another disk.
 */
export class CrashDisk implements Disk {
  readonly capabilities = { durability: 'fsync', sectorBytes } as const;
  /** How many calls were made that change something. */
  calls = 0;
  /** The call at which the machine ends; 0 for never. */
  crashAt = 0;
  /** Syncs succeed and do nothing. */
  lies = false;
  /** The call number of a sync that fails. */
  failAt = 0;
  capacity = Number.POSITIVE_INFINITY;
  readonly crashed: Promise<void>;
  readonly #atOnce: boolean;
  readonly #durably: boolean;
  #crash: () => void = () => {};
  #dead = false;
  #locked = false;
  #names: Map<string, Content>;
  #durableNames: Map<string, Content>;
  #pendingNames: Map<string, Content>[] = [];

  constructor(options: CrashDiskOptions = {}, names: Map<string, Content> = new Map()) {
    this.#atOnce = options.atOnce ?? false;
    this.#durably = options.durably ?? false;
    this.#names = names;
    this.#durableNames = new Map(names);
    this.crashed = new Promise(resolve => {
      this.#crash = resolve;
    });
  }

  /** What a machine finds that starts again. */
  after(kind: CrashKind, random: Random, options: CrashDiskOptions = {}): CrashDisk {
    this.#dead = true;
    const steps = this.#pendingNames.length;
    const kept = kind === 'all' ? steps : kind === 'none' ? 0 : random.below(steps + 1);
    const names = kept === 0 ? this.#durableNames : (this.#pendingNames[kept - 1] as Map<string, Content>);
    const found = new Map<string, Content>();
    for (const [name, content] of names) {
      const bytes =
        kind === 'all' ? content.current : survivors(content, kind === 'any' ? random : undefined);
      found.set(name, { durable: bytes.slice(), current: bytes.slice(), pending: [] });
    }
    return new CrashDisk(options, found);
  }

  /** The bytes of a file, to look at or to damage: what is durable and what is current change together. */
  bytes(name: string): Uint8Array {
    const content = this.#content(name);
    content.durable = content.current;
    return content.current;
  }

  get names(): string[] {
    return [...this.#names.keys()].sort();
  }

  async open(name: string, { create = false }: { readonly create?: boolean } = {}): Promise<DiskFile> {
    if (create) {
      await this.#call(() => {
        const content: Content = { durable: new Uint8Array(), current: new Uint8Array(), pending: [] };
        this.#rename(names => names.set(name, content));
      });
    }
    const content = this.#content(name);
    return {
      name,
      get size() {
        return content.current.length;
      },
      write: (chunks, offset) => this.#call(() => this.#write(content, chunks, offset)),
      sync: () => this.#call(() => this.#sync(content)),
      ...(this.#durably && {
        writeDurably: (chunks: readonly Uint8Array[], offset: number) =>
          this.#call(() => this.#writeDurably(content, chunks, offset)),
      }),
      read: async (into, offset) => {
        if (this.#dead) return never();
        const part = content.current.subarray(offset, offset + into.length);
        into.set(part);
        return part.length;
      },
      allocate: async size => {
        await this.#call(() => {
          this.#checkRoom(size - content.current.length);
          this.#sync(content);
          content.durable = grown(content.durable, size);
          content.current = content.durable.slice();
        });
      },
      truncate: async size => {
        await this.#call(() => {
          content.current = content.current.slice(0, size);
          content.durable = content.current.slice();
        });
      },
      async [Symbol.asyncDispose]() {},
    };
  }

  async list(): Promise<readonly string[]> {
    return this.names;
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#call(() => {
      const content = this.#content(from);
      this.#rename(names => names.set(to, content).delete(from));
    });
  }

  async remove(name: string): Promise<void> {
    await this.#call(() => {
      this.#content(name);
      this.#rename(names => names.delete(name));
    });
  }

  async syncNames(): Promise<void> {
    await this.#call(() => {
      if (this.lies) return;
      this.#durableNames = new Map(this.#names);
      this.#pendingNames = [];
    });
  }

  async lock(): Promise<AsyncDisposable> {
    if (this.#locked) throw new QuorateError('ALREADY_OPEN', 'Open elsewhere', { outcome: 'not-applied' });
    this.#locked = true;
    return {
      [Symbol.asyncDispose]: async () => {
        this.#locked = false;
      },
    };
  }

  #content(name: string): Content {
    const content = this.#names.get(name);
    if (content === undefined)
      throw new QuorateError('NOT_FOUND', `No "${name}"`, { outcome: 'not-applied' });
    return content;
  }

  #rename(change: (names: Map<string, Content>) => void): void {
    const names = new Map(this.#names);
    change(names);
    this.#names = names;
    this.#pendingNames.push(names);
  }

  /** Counts the call. A write at which the machine ends is on its way to the medium; a sync has not done anything. */
  #call(run: () => void): Done {
    if (this.#dead) return never();
    this.calls++;
    if (this.calls === this.crashAt) {
      run();
      this.#dead = true;
      this.#crash();
      return never();
    }
    if (this.#atOnce) {
      run();
      return undefined;
    }
    return Promise.resolve().then(() => (this.#dead ? never() : run()));
  }

  #write(content: Content, chunks: readonly Uint8Array[], offset: number): void {
    let at = offset;
    for (const chunk of chunks) {
      this.#checkRoom(at + chunk.length - content.current.length);
      content.current = grown(content.current, at + chunk.length);
      content.current.set(chunk, at);
      content.pending.push({ offset: at, bytes: chunk.slice() });
      at += chunk.length;
    }
  }

  /** What else is not synced stays so: only these bytes are durable. */
  #writeDurably(content: Content, chunks: readonly Uint8Array[], offset: number): void {
    this.#write(content, chunks, offset);
    if (this.calls === this.failAt) throw new QuorateError('IO_FAILED', 'The write failed');
    if (this.lies || this.calls === this.crashAt) return;
    const end = chunks.reduce((sum, { length }) => sum + length, offset);
    content.durable = grown(content.durable, end);
    content.durable.set(content.current.subarray(offset, end), offset);
    content.pending = content.pending.flatMap(write => outside(write, offset, end));
  }

  #sync(content: Content): void {
    if (this.calls === this.failAt) throw new QuorateError('IO_FAILED', 'The sync failed');
    if (this.lies || this.calls === this.crashAt) return;
    content.durable = content.current.slice();
    content.pending = [];
  }

  #checkRoom(byteCount: number): void {
    const used = [...this.#names.values()].reduce((sum, { current }) => sum + current.length, 0);
    if (byteCount <= 0 || used + byteCount <= this.capacity) return;
    throw new QuorateError('STORAGE_FULL', 'No room', { outcome: 'not-applied', retryable: true });
  }
}

/** What of a write is not between `start` and `end`. */
function outside({ offset, bytes }: Write, start: number, end: number): Write[] {
  const before = bytes.subarray(0, Math.max(0, start - offset));
  const after = bytes.subarray(Math.min(bytes.length, Math.max(0, end - offset)));
  const parts = [
    { offset, bytes: before },
    { offset: offset + bytes.length - after.length, bytes: after },
  ];
  return parts.filter(part => part.bytes.length > 0);
}

function survivors({ durable, pending }: Content, random: Random | undefined): Uint8Array {
  let bytes: Uint8Array = durable.slice();
  if (random === undefined) return bytes;
  for (const write of pending) {
    for (let at = write.offset; at < write.offset + write.bytes.length; ) {
      const end = Math.min(
        write.offset + write.bytes.length,
        (Math.floor(at / sectorBytes) + 1) * sectorBytes,
      );
      if (random.below(2) === 0) {
        bytes = grown(bytes, end);
        bytes.set(write.bytes.subarray(at - write.offset, end - write.offset), at);
      }
      at = end;
    }
  }
  return bytes;
}

function grown(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length >= size) return bytes;
  const longer = new Uint8Array(size);
  longer.set(bytes);
  return longer;
}

function never(): Promise<never> {
  return new Promise(() => {});
}
