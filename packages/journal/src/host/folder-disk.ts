import fs from 'node:fs';
import path from 'node:path';
import type { Disk, DiskCapabilities, DiskFile } from '@quorate/core';
import { diskError } from './disk-error.ts';
import { type DiskMode, FolderFile } from './folder-file.ts';
import { lockFolder, lockName } from './folder-lock.ts';

/** How a {@link folderDisk} works. */
export interface FolderDiskOptions {
  /**
   * `blocking`: writes and syncs block the thread until they are done, which is the fastest and meant for a thread of its
   * own. `pool`, the default: they run on libuv's pool, and the event loop goes on.
   */
  readonly mode?: DiskMode;
}

/**
 * A folder of the platform's file system as a {@link Disk}. It is made, with those above it, when it is locked.
 *
 * A sync is `fdatasync`, and room is made by writing zeros, so that later writes within it change no metadata. Where the
 * device or a virtual machine loses what it said was flushed, nothing here can help.
 */
export function folderDisk(folder: string, options: FolderDiskOptions = {}): Disk {
  const { mode = 'pool' } = options;
  if (typeof folder !== 'string' || folder === '') {
    throw new TypeError(`Folder must be a path: received "${folder}"`);
  }
  if (mode !== 'blocking' && mode !== 'pool') {
    throw new TypeError(`Mode must be "blocking" or "pool": received "${String(mode)}"`);
  }
  return new FolderDisk(path.resolve(folder), mode);
}

/** Windows has no handle of a folder that could be synced; NTFS keeps its own journal of names. */
const hasNoHandles = process.platform === 'win32';

class FolderDisk implements Disk {
  // Half of the smallest sectors in use would still be safe: the journal only asks that none is torn.
  readonly capabilities: DiskCapabilities = { durability: 'fsync', sectorBytes: 512 };
  readonly #folder: string;
  readonly #mode: DiskMode;
  /** The folder itself while it is locked, so that its names can be synced when the process has no file left to open. */
  #fd: number | undefined;

  constructor(folder: string, mode: DiskMode) {
    this.#folder = folder;
    this.#mode = mode;
  }

  async open(name: string, options: { readonly create?: boolean } = {}): Promise<DiskFile> {
    try {
      const file = this.#path(name);
      const fd = fs.openSync(file, options.create === true ? 'wx+' : 'r+');
      try {
        return new FolderFile(file, name, fd, fs.fstatSync(fd).size, this.#mode);
      } catch (error) {
        fs.closeSync(fd);
        throw error;
      }
    } catch (error) {
      throw diskError(error, `"${name}"`, 'not-applied');
    }
  }

  async list(): Promise<readonly string[]> {
    try {
      const found = await fs.promises.readdir(this.#folder, { withFileTypes: true });
      // A link to a file is a file here: whoever moves segments elsewhere must not get a new journal in their place.
      const files = found.filter(entry => !entry.isDirectory() && entry.name !== lockName);
      const names = files.map(({ name }) => name);
      return names.sort((a, b) => (a < b ? -1 : 1));
    } catch (error) {
      throw diskError(error, `the list of "${this.#folder}"`, 'not-applied');
    }
  }

  async rename(from: string, to: string): Promise<void> {
    try {
      await fs.promises.rename(this.#path(from), this.#path(to));
    } catch (error) {
      throw diskError(error, `the new name of "${from}"`);
    }
  }

  async remove(name: string): Promise<void> {
    try {
      await fs.promises.unlink(this.#path(name));
    } catch (error) {
      throw diskError(error, `the removal of "${name}"`);
    }
  }

  async syncNames(): Promise<void> {
    if (this.#fd === undefined) await syncFolder(this.#folder);
    else await syncOpened(this.#fd, this.#folder);
  }

  async lock(): Promise<AsyncDisposable> {
    try {
      const made = fs.mkdirSync(this.#folder, { recursive: true });
      if (made !== undefined) await syncUpTo(path.dirname(made), this.#folder);
      else if (!fs.existsSync(path.join(this.#folder, lockName))) await syncAbove(this.#folder);
    } catch (error) {
      throw diskError(error, `the folder "${this.#folder}"`);
    }
    const lock = await lockFolder(this.#folder);
    let fd: number | undefined;
    try {
      fd = openFolder(this.#folder);
    } catch (error) {
      await lock[Symbol.asyncDispose]();
      throw error;
    }
    this.#fd = fd;
    let isOver = false;
    return {
      [Symbol.asyncDispose]: async () => {
        if (isOver) return;
        isOver = true;
        this.#fd = undefined;
        if (fd !== undefined) fs.closeSync(fd);
        await lock[Symbol.asyncDispose]();
      },
    };
  }

  #path(name: string): string {
    if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/.test(name) || name === lockName) {
      throw new TypeError(`File name must be of letters, digits, ".", "-" and "_": received "${name}"`);
    }
    return path.join(this.#folder, name);
  }
}

/** Folders that were made are durable only with the names that lead to them, from `top` down. */
async function syncUpTo(top: string, folder: string): Promise<void> {
  let at = folder;
  while (at !== top) {
    at = path.dirname(at);
    await syncFolder(at);
  }
}

/**
 * Syncs the names that lead to a folder that is there and was never locked: a run may have made it and ended before it was
 * durable. What of it cannot be synced was hardly made by us, so that is no error.
 */
async function syncAbove(folder: string): Promise<void> {
  for (let at = folder; at !== path.dirname(at); ) {
    at = path.dirname(at);
    await syncFolder(at).catch(() => undefined);
  }
}

async function syncFolder(folder: string): Promise<void> {
  if (hasNoHandles) return;
  try {
    const handle = await fs.promises.open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw diskError(error, `a sync of the folder "${folder}"`);
  }
}

/** A number, as with files: a `FileHandle` that is forgotten with its journal would be an error that nobody can catch. */
function openFolder(folder: string): number | undefined {
  if (hasNoHandles) return undefined;
  try {
    return fs.openSync(folder, 'r');
  } catch (error) {
    throw diskError(error, `the folder "${folder}"`, 'not-applied');
  }
}

function syncOpened(fd: number, folder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.fsync(fd, error =>
      error === null ? resolve() : reject(diskError(error, `a sync of the folder "${folder}"`)),
    );
  });
}
