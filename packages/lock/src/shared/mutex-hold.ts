import type { MutexCore } from './mutex-core.ts';

/** {@link Gate.take}'s flag: the owner before had died. */
export const ownerDiedFlag = 1;

/** What a hold knows of itself. */
const [heldFlag, diedFlag, suspectFlag] = [1, 2, 4];

function flagsOf(ownerDied: boolean): number {
  return ownerDied ? heldFlag | diedFlag | suspectFlag : heldFlag;
}

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
  /** All in one number, since one of these is made each time that a mutex is taken. */
  #flags: number;

  static {
    holdAccess = {
      coreOf: hold => hold.#core,
      takeUp: (hold, taken) => {
        hold.#flags = flagsOf((taken & ownerDiedFlag) !== 0);
      },
    };
  }

  constructor(core: MutexCore, ownerDied: boolean) {
    this.#core = core;
    this.#flags = flagsOf(ownerDied);
  }

  get isHeld(): boolean {
    return (this.#flags & heldFlag) !== 0;
  }

  /**
   * Whether the owner before died while it held the mutex, so that what the mutex guards may be half-changed. Put it right,
   * then say so with {@link consistent}. Released without, the mutex is lost for ever: `NOT_RECOVERABLE`.
   */
  get ownerDied(): boolean {
    return (this.#flags & diedFlag) !== 0;
  }

  /** Says that what the mutex guards is whole again. Without effect where no owner died. */
  consistent(): void {
    this.#flags &= ~suspectFlag;
  }

  /**
   * Gives the mutex back. Harmless when repeated.
   *
   * @throws QuorateError `NOT_OWNER` where this thread was declared dead and another took over
   */
  release(): void {
    const flags = this.#flags;
    if ((flags & heldFlag) === 0) return;
    this.#flags = flags & ~heldFlag;
    if ((flags & suspectFlag) !== 0) this.#core.gate.breakDown();
    else this.#core.gate.release(0);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
