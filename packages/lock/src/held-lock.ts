import { errorCode, type WaitOptions } from '@quorate/core';
import type { HoldCore } from './hold-core.ts';
import type { Hold, Lock, ReadLock } from './lock.ts';
import { notOwner } from './lock-error.ts';

/** A claim on a grant: what its owner holds in hand. */
export class HeldClaim implements Hold {
  readonly core: HoldCore;
  #isReleased = false;

  constructor(core: HoldCore) {
    this.core = core;
  }

  get name(): string {
    return this.core.name;
  }

  get signal(): AbortSignal {
    return this.core.signal;
  }

  remainingMs(): number {
    return this.#isReleased ? 0 : this.core.remainingMs();
  }

  assertHeld(): void {
    if (this.#isReleased) throw notOwner(this.name);
    this.core.assertHeld();
  }

  release(): Promise<void> {
    if (this.#isReleased) return Promise.resolve();
    this.#isReleased = true;
    return this.core.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.release();
    } catch (thrown) {
      // Whoever still needed the lock was told by its signal.
      if (errorCode(thrown) !== 'NOT_OWNER') throw thrown;
    }
  }
}

/** A claim for one alone. */
export class HeldLock extends HeldClaim implements Lock {
  get fence(): bigint {
    return this.core.fence;
  }
}

/** A claim among readers. */
export class HeldReadLock extends HeldClaim implements ReadLock {
  async upgrade(options: WaitOptions = {}): Promise<Lock | undefined> {
    this.assertHeld();
    const core = await this.core.slot.upgrade(this.core, options);
    return core && new HeldLock(core);
  }
}
