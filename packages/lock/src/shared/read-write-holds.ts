import { ownerDiedFlag } from './mutex-hold.ts';
import type { ReadWriteCore } from './read-write-core.ts';

/** A read-write lock that is held for reading. */
export class ReadHold implements Disposable {
  readonly #core: ReadWriteCore;
  #isHeld = true;

  constructor(core: ReadWriteCore) {
    this.#core = core;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Whether a writer died and nobody has put right yet what it may have left half-written. That takes a {@link WriteHold}. */
  get ownerDied(): boolean {
    return this.#isHeld && this.#core.isSuspect;
  }

  /** Gives the lock back. Harmless when repeated. @throws QuorateError `NOT_OWNER` where this thread was declared dead */
  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#core.leaveRead();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** A read-write lock that is held for writing. */
export class WriteHold implements Disposable {
  readonly #core: ReadWriteCore;
  /** Whether a writer died since the data was last known to be consistent: see {@link MutexHold.ownerDied}. */
  readonly ownerDied: boolean;
  #isHeld = true;
  #isSuspect: boolean;

  constructor(core: ReadWriteCore, taken: number) {
    this.#core = core;
    this.ownerDied = (taken & ownerDiedFlag) !== 0;
    this.#isSuspect = this.ownerDied;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Says that what the lock guards is whole again. Without effect where no writer died, or the lock is not held. */
  consistent(): void {
    if (!this.#isSuspect || !this.#isHeld) return;
    this.#core.clearSuspect();
    this.#isSuspect = false;
  }

  /** Gives the lock back. Harmless when repeated. @throws QuorateError `NOT_OWNER` as {@link MutexHold.release} */
  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    if (this.#isSuspect) this.#core.breakDown();
    else this.#core.gate.release(0);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
