import fs from 'node:fs';
import { type DiskFile, type Done, QuorateError } from '@quorate/core';
import { diskError } from './disk-error.ts';
import { failDurably, openDurably } from './durable-handle.ts';

/** Where a file's calls are made: on this thread, which waits, or on a thread of libuv's pool. */
export type DiskMode = 'blocking' | 'pool';

const zeros = new Uint8Array(1024 * 1024);

/**
 * A file of the platform. Room is made on the pool in both modes, since it takes long and is not waited for.
 *
 * The platform gives the number of a file that was closed to the next one that is opened, so a call that is still under way,
 * or comes later, would write into another file: closing waits for the first and refuses the second.
 */
export class FolderFile implements DiskFile {
  readonly name: string;
  readonly #path: string;
  readonly #fd: number;
  readonly #mode: DiskMode;
  /** For durable writes, opened by the first of them; `undefined` where there is none to be had. */
  #durableFd: number | undefined;
  #asked = false;
  #size: number;
  /** Calls that are under way on the pool. */
  #calls = 0;
  #closing: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  /** @param path where it is now */
  constructor(path: string, name: string, fd: number, size: number, mode: DiskMode) {
    this.#path = path;
    this.name = name;
    this.#fd = fd;
    this.#size = size;
    this.#mode = mode;
  }

  get size(): number {
    return this.#size;
  }

  write(chunks: readonly Uint8Array[], offset: number): Done {
    this.#checkOpen();
    if (this.#mode === 'pool') return this.#pooled(this.#writePooled(chunks, offset));
    try {
      this.#grown(writeBlocking(this.#fd, chunks, offset));
    } catch (error) {
      throw diskError(error, `a write to "${this.name}"`);
    }
    return undefined;
  }

  sync(): Done {
    this.#checkOpen();
    if (this.#mode === 'pool') return this.#syncDataPooled();
    try {
      fs.fdatasyncSync(this.#fd);
    } catch (error) {
      throw this.#syncError(error);
    }
    return undefined;
  }

  writeDurably(chunks: readonly Uint8Array[], offset: number): Done {
    this.#checkOpen();
    if (!this.#asked) {
      this.#asked = true;
      this.#durableFd = openDurably(this.#path, this.#fd);
    }
    const fd = this.#durableFd;
    if (this.#mode === 'pool') {
      return this.#pooled(
        fd === undefined ? this.#writeAndSync(chunks, offset) : this.#writeDurablyPooled(fd, chunks, offset),
      );
    }
    if (fd === undefined) {
      void this.write(chunks, offset);
      return this.sync();
    }
    try {
      this.#grown(writeBlocking(fd, chunks, offset));
    } catch (error) {
      failDurably(error, this.name, this.#fd, chunks, offset);
    }
    return undefined;
  }

  async read(into: Uint8Array, offset: number): Promise<number> {
    this.#checkOpen();
    return await this.#pooled(this.#read(into, offset));
  }

  async allocate(size: number): Promise<void> {
    this.#checkOpen();
    await this.#pooled(this.#allocate(size));
  }

  async truncate(size: number): Promise<void> {
    this.#checkOpen();
    if (!(size >= 0 && size <= this.#size)) {
      throw new RangeError(
        `File "${this.name}" must be cut to at most ${this.#size} bytes: received ${size}`,
      );
    }
    await this.#pooled(this.#truncate(size));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#calls > 0) {
      await new Promise<void>(resolve => {
        this.#onIdle = resolve;
      });
    }
    if (this.#durableFd !== undefined) fs.closeSync(this.#durableFd);
    fs.closeSync(this.#fd);
  }

  #checkOpen(): void {
    if (this.#closing === undefined) return;
    throw new QuorateError('IO_FAILED', `File "${this.name}" was closed`, { outcome: 'not-applied' });
  }

  async #pooled<T>(call: Promise<T>): Promise<T> {
    this.#calls++;
    try {
      return await call;
    } finally {
      this.#ended();
    }
  }

  #ended(): void {
    this.#calls--;
    if (this.#calls === 0) this.#onIdle?.();
  }

  async #read(into: Uint8Array, offset: number): Promise<number> {
    try {
      let count = 0;
      while (count < into.length) {
        const rest = into.subarray(count);
        const got =
          this.#mode === 'blocking'
            ? fs.readSync(this.#fd, rest, 0, rest.length, offset + count)
            : await readPooled(this.#fd, rest, offset + count);
        if (got === 0) break;
        count += got;
      }
      return count;
    } catch (error) {
      throw diskError(error, `a read of "${this.name}"`, 'not-applied');
    }
  }

  async #allocate(size: number): Promise<void> {
    const before = this.#size;
    try {
      for (let at = before; at < size; ) {
        at += await writePooled(this.#fd, [zeros.subarray(0, Math.min(zeros.length, size - at))], at);
      }
      await syncPooled(this.#fd);
      this.#grown(size);
    } catch (error) {
      await truncatePooled(this.#fd, before).catch(() => undefined);
      throw diskError(error, `${size} bytes in "${this.name}"`);
    }
  }

  async #truncate(size: number): Promise<void> {
    try {
      await truncatePooled(this.#fd, size);
      await syncPooled(this.#fd);
      this.#size = size;
    } catch (error) {
      throw diskError(error, `the end of "${this.name}"`);
    }
  }

  async #writePooled(chunks: readonly Uint8Array[], offset: number): Promise<void> {
    try {
      this.#grown(await writeAll(this.#fd, chunks, offset));
    } catch (error) {
      throw diskError(error, `a write to "${this.name}"`);
    }
  }

  async #writeAndSync(chunks: readonly Uint8Array[], offset: number): Promise<void> {
    await this.#writePooled(chunks, offset);
    await this.#syncDataPooled();
  }

  #syncDataPooled(): Promise<void> {
    this.#calls++;
    return new Promise<void>((resolve, reject) => {
      fs.fdatasync(this.#fd, error => {
        this.#ended();
        if (error === null) resolve();
        else reject(this.#syncError(error));
      });
    });
  }

  async #writeDurablyPooled(fd: number, chunks: readonly Uint8Array[], offset: number): Promise<void> {
    try {
      this.#grown(await writeAll(fd, chunks, offset));
    } catch (error) {
      failDurably(error, this.name, this.#fd, chunks, offset);
    }
  }

  #grown(end: number): void {
    if (end > this.#size) this.#size = end;
  }

  /** A sync that finds no room has lost data as any other that fails: there is no trying again. */
  #syncError(error: unknown): Error {
    const known = diskError(error, `a sync of "${this.name}"`);
    return known.code === 'STORAGE_FULL'
      ? diskError(new Error(known.message, { cause: error }), `a sync of "${this.name}"`)
      : known;
  }
}

/** Writes all of it, on the pool, and tells where it ends. */
async function writeAll(fd: number, chunks: readonly Uint8Array[], offset: number): Promise<number> {
  let rest = chunks;
  let at = offset;
  for (;;) {
    const count = await writePooled(fd, rest, at);
    at += count;
    rest = without(rest, count);
    if (rest.length === 0) return at;
  }
}

/** Writes all of it and returns where it ends. */
function writeBlocking(fd: number, chunks: readonly Uint8Array[], offset: number): number {
  let rest = chunks;
  let at = offset;
  while (rest.length > 0) {
    const only = rest.length === 1 ? rest[0] : undefined;
    const count =
      only === undefined ? fs.writevSync(fd, rest, at) : fs.writeSync(fd, only, 0, only.length, at);
    at += count;
    rest = without(rest, count);
  }
  return at;
}

/** What is left of the chunks after a write of `count` bytes, which may end anywhere. */
function without(chunks: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let left = count;
  for (const [at, chunk] of chunks.entries()) {
    if (left < chunk.length) return [chunk.subarray(left), ...chunks.slice(at + 1)];
    left -= chunk.length;
  }
  return [];
}

function writePooled(fd: number, chunks: readonly Uint8Array[], offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, count: number): void => (error ? reject(error) : resolve(count));
    const only = chunks.length === 1 ? chunks[0] : undefined;
    if (only === undefined) fs.writev(fd, chunks, offset, done);
    else fs.write(fd, only, 0, only.length, offset, done);
  });
}

function readPooled(fd: number, into: Uint8Array, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(fd, into, 0, into.length, offset, (error, count) => (error ? reject(error) : resolve(count)));
  });
}

function syncPooled(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.fsync(fd, error => (error ? reject(error) : resolve()));
  });
}

function truncatePooled(fd: number, size: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.ftruncate(fd, size, error => (error ? reject(error) : resolve()));
  });
}
