import { fstatSync, readdirSync, readSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';

/** How much of LMDB's lock file is looked at: its head, in which the mutexes lie. */
const headBytes = 256;

/** The bits of a Linux mutex that name its owner's thread; the others say that somebody waits, or that the owner died. */
const ownerBits = 0x3fff_ffff;

/**
 * Whether somebody holds LMDB's write lock right now, which LMDB itself does not tell without waiting for it: on Linux the lock is a
 * word in the lock file that names the thread that has it. Where it lies is found out with the lock in hand.
 *
 * What is free now may be taken a microsecond later.
 */
export class LockWord {
  readonly #descriptor: number;
  readonly #offset: number;
  readonly #word = Buffer.alloc(4);

  /** @param hold calls back with the write lock in this thread's hand. Undefined where nothing can be found out. */
  static find(folder: string, hold: (run: () => void) => void): LockWord | undefined {
    // Only of the main thread is the number known: it is the process's.
    if (process.platform !== 'linux' || !isMainThread) return undefined;
    const descriptor = descriptorOf(join(folder, 'lock.mdb'));
    if (descriptor === undefined) return undefined;
    let held: readonly number[] = [];
    hold(() => {
      held = placesOf(process.pid, descriptor);
    });
    // Other words may be the same by chance: the number of the readers, say, is often that of a container's first process.
    const free = placesOf(process.pid, descriptor);
    // The lock comes before what else the mutex says of its owner.
    const offset = held.find(at => !free.includes(at));
    return offset === undefined ? undefined : new LockWord(descriptor, offset);
  }

  private constructor(descriptor: number, offset: number) {
    this.#descriptor = descriptor;
    this.#offset = offset;
  }

  isFree(): boolean {
    readSync(this.#descriptor, this.#word, 0, 4, this.#offset);
    return this.#word.readUInt32LE(0) === 0;
  }
}

/** Where in the head of a lock file a thread's number stands. */
function placesOf(thread: number, descriptor: number): number[] {
  const head = Buffer.alloc(headBytes);
  readSync(descriptor, head, 0, headBytes, 0);
  const places: number[] = [];
  for (let at = 0; at < headBytes; at += 4) {
    if ((head.readUInt32LE(at) & ownerBits) === thread) places.push(at);
  }
  return places;
}

/**
 * LMDB's own descriptor of its lock file, which is open as long as the database is. Another must not be made: to close it would
 * drop all locks that the process has on the file, by which other processes know that LMDB is in use and who reads.
 */
function descriptorOf(file: string): number | undefined {
  const wanted = statSync(file);
  return readdirSync('/proc/self/fd')
    .map(Number)
    .find(descriptor => isSame(descriptor, wanted));
}

function isSame(descriptor: number, { dev, ino }: Stats): boolean {
  try {
    const found = fstatSync(descriptor);
    return found.dev === dev && found.ino === ino;
  } catch {
    // It was that of the listing.
    return false;
  }
}
