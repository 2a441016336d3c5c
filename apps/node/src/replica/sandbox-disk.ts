import fs from 'node:fs';
import path from 'node:path';
import {
  type Disk,
  type DiskCapabilities,
  type DiskFile,
  type Done,
  errorCode,
  QuorateError,
} from '@quorate/core';

const zeros = new Uint8Array(256 * 1024);

/**
 * A folder as a {@link Disk}, for a process under Node's permission model, which forbids every `fsync`.
 *
 * Files are opened so that each write is on the medium when it returns (`O_DSYNC`), and a sync has nothing left to do. That
 * a file has been made, renamed or removed cannot be synced by such a process at all. So what is here survives the process,
 * whatever ends it, and it does not promise to survive the machine: it says `os`. The folder must be there, and whoever
 * starts the process must see to it that it is the only one on it.
 */
export function sandboxDisk(folder: string): Disk {
  return new SandboxDisk(folder);
}

class SandboxDisk implements Disk {
  readonly capabilities: DiskCapabilities = { durability: 'os', sectorBytes: 512 };
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async open(name: string, options: { readonly create?: boolean } = {}): Promise<DiskFile> {
    const { O_RDWR, O_DSYNC, O_CREAT, O_EXCL } = fs.constants;
    const made = options.create === true ? O_CREAT | O_EXCL : 0;
    return attempt(`"${name}"`, async () => {
      const handle = await fs.promises.open(path.join(this.#folder, name), O_RDWR | O_DSYNC | made, 0o600);
      return new SandboxFile(name, handle, (await handle.stat()).size);
    });
  }

  async list(): Promise<readonly string[]> {
    const names = await attempt('the list of files', () => fs.promises.readdir(this.#folder));
    return names.toSorted((left, right) => (left < right ? -1 : 1));
  }

  async rename(from: string, to: string): Promise<void> {
    await attempt(`the new name of "${from}"`, () =>
      fs.promises.rename(path.join(this.#folder, from), path.join(this.#folder, to)),
    );
  }

  async remove(name: string): Promise<void> {
    await attempt(`the removal of "${name}"`, () => fs.promises.unlink(path.join(this.#folder, name)));
  }

  async syncNames(): Promise<void> {}

  async lock(): Promise<AsyncDisposable> {
    return { [Symbol.asyncDispose]: async () => {} };
  }
}

class SandboxFile implements DiskFile {
  readonly name: string;
  readonly #handle: fs.promises.FileHandle;
  #size: number;

  constructor(name: string, handle: fs.promises.FileHandle, size: number) {
    this.name = name;
    this.#handle = handle;
    this.#size = size;
  }

  get size(): number {
    return this.#size;
  }

  async write(chunks: readonly Uint8Array[], offset: number): Promise<void> {
    const bytes = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
    await attempt(`a write to "${this.name}"`, () => this.#writeAll(bytes, offset));
  }

  sync(): Done {
    return undefined;
  }

  async read(into: Uint8Array, offset: number): Promise<number> {
    return attempt(`a read of "${this.name}"`, async () => {
      let count = 0;
      while (count < into.length) {
        const { bytesRead } = await this.#handle.read(into, count, into.length - count, offset + count);
        if (bytesRead === 0) break;
        count += bytesRead;
      }
      return count;
    });
  }

  async allocate(size: number): Promise<void> {
    const before = this.#size;
    try {
      await attempt(`${size} bytes in "${this.name}"`, async () => {
        for (let at = before; at < size; at += zeros.length) {
          await this.#writeAll(zeros.subarray(0, Math.min(zeros.length, size - at)), at);
        }
      });
    } catch (error) {
      await this.#handle.truncate(before).catch(() => {});
      this.#size = before;
      throw error;
    }
  }

  async truncate(size: number): Promise<void> {
    if (!(size >= 0 && size <= this.#size)) {
      throw new RangeError(
        `File "${this.name}" must be cut to at most ${this.#size} bytes: received ${size}`,
      );
    }
    await attempt(`the end of "${this.name}"`, () => this.#handle.truncate(size));
    this.#size = size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  async #writeAll(bytes: Uint8Array, offset: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, offset + done);
      done += bytesWritten;
    }
    this.#size = Math.max(this.#size, offset + bytes.length);
  }
}

const known: Readonly<Record<string, string>> = {
  ENOENT: 'NOT_FOUND',
  EEXIST: 'ALREADY_EXISTS',
  ENOSPC: 'STORAGE_FULL',
  EDQUOT: 'STORAGE_FULL',
};

/** Does it, and says what failed in the seam's words. */
async function attempt<T>(doing: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    const code = known[errorCode(cause) ?? ''];
    const reason = (cause as Error).message;
    throw new QuorateError(code ?? 'IO_FAILED', `The file system failed at ${doing}: ${reason}`, {
      outcome: code === undefined ? 'unknown' : 'not-applied',
      retryable: code === 'STORAGE_FULL',
      cause,
    });
  }
}
