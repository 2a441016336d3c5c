import type { MutexCore } from './mutex-core.ts';

/** {@link Gate.take}'s flag: the owner before had died. */
export const ownerDiedFlag = 1;

/** What a condition does with a hold. */
export interface HoldAccess {
  coreOf(hold: MutexHold): MutexCore;
  takeUp(hold: MutexHold, taken: number): void;
}

/** For conditions: the inside of a hold. */
export let holdAccess: HoldAccess;

/** A mutex that is held. `using hold = mutex.lock()` releases it at the end of the block. */
export class MutexHold implements Disposable {
  readonly #core: MutexCore;
  #isHeld = true;
  #ownerDied: boolean;
  #isSuspect: boolean;

  static {
    holdAccess = {
      coreOf: hold => hold.#core,
      takeUp: (hold, taken) => {
        hold.#isHeld = true;
        hold.#ownerDied = hold.#isSuspect = (taken & ownerDiedFlag) !== 0;
      },
    };
  }

  constructor(core: MutexCore, ownerDied: boolean) {
    this.#core = core;
    this.#ownerDied = ownerDied;
    this.#isSuspect = ownerDied;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /**
   * Whether the owner before died while it held the mutex, so that what the mutex guards may be half-changed. Put it right,
   * then say so with {@link consistent}. Released without, the mutex is lost for ever: `NOT_RECOVERABLE`.
   */
  get ownerDied(): boolean {
    return this.#ownerDied;
  }

  /** Says that what the mutex guards is whole again. Without effect where no owner died. */
  consistent(): void {
    this.#isSuspect = false;
  }

  /**
   * Gives the mutex back. Harmless when repeated.
   *
   * @throws QuorateError `NOT_OWNER` where this thread was declared dead and another took over
   */
  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    if (this.#isSuspect) this.#core.gate.breakDown();
    else this.#core.gate.release(0);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
