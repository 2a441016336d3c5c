import { closeSync, openSync, readSync } from 'node:fs';
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
export class LockWord implements Disposable {
  readonly #descriptor: number;
  readonly #offset: number;
  readonly #word = Buffer.alloc(4);

  /** @param hold calls back with the write lock in this thread's hand. Undefined where nothing can be found out. */
  static find(folder: string, hold: (run: () => void) => void): LockWord | undefined {
    // Only of the main thread is the number known: it is the process's.
    if (process.platform !== 'linux' || !isMainThread) return undefined;
    const descriptor = openSync(join(folder, 'lock.mdb'), 'r');
    let offset: number | undefined;
    hold(() => {
      const head = Buffer.alloc(headBytes);
      readSync(descriptor, head, 0, headBytes, 0);
      for (let at = 0; at < headBytes && offset === undefined; at += 4) {
        if ((head.readUInt32LE(at) & ownerBits) === process.pid) offset = at;
      }
    });
    if (offset !== undefined) return new LockWord(descriptor, offset);
    closeSync(descriptor);
    return undefined;
  }

  private constructor(descriptor: number, offset: number) {
    this.#descriptor = descriptor;
    this.#offset = offset;
  }

  isFree(): boolean {
    readSync(this.#descriptor, this.#word, 0, 4, this.#offset);
    return this.#word.readUInt32LE(0) === 0;
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}
