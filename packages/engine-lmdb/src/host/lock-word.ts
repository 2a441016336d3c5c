import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';

/** How much of LMDB's lock file is looked at: its head, in which the mutexes lie. */
const headBytes = 256;

/** The bits of a Linux mutex that name its owner's thread; the others say that somebody waits, or that the owner died. */
const ownerBits = 0x3fff_ffff;

/**
 * Who holds LMDB's write lock right now, which LMDB itself does not tell without waiting for it: on Linux the lock is a
 * word in the lock file that names the thread that has it. Where it lies is found out with the lock in hand.
 *
 * What is seen may be otherwise a microsecond later.
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

  /** Whether the lock is free, or held by a thread that is not stopped and so lets go of it in some microseconds. */
  isFreeSoon(): boolean {
    readSync(this.#descriptor, this.#word, 0, 4, this.#offset);
    const word = this.#word.readUInt32LE(0);
    return word === 0 || isRunning(word & ownerBits);
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}

/** The state of a thread after its name, which stands in brackets and may hold brackets itself: running, or waiting for something. */
const running = /.*\) [RSD] /s;

/** Whether a thread is there and not stopped. One of another container is not there. */
function isRunning(thread: number): boolean {
  try {
    return running.test(readFileSync(`/proc/${thread}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
