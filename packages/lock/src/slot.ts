import type { WaitOptions } from '@quorate/core';
import type { HoldCore } from './hold-core.ts';
import type { LockDelay } from './lock-delay.ts';
import type { Station } from './station.ts';
import type { Ticket } from './ticket.ts';

/** A place of a station in the store's line, from the moment it is wanted until its entry is gone. */
export class Slot {
  /** Missing until there is a session for it. */
  declare ticket: Ticket;
  /** It stands in line for those who wait, and is still wanted. */
  isPending = false;
  isWithdrawn = false;
  isGranted = false;
  /** How often it was handed on. */
  handOffs = 0;
  /** When the budget of hand-offs began, in both measures. */
  budgetFrom = 0;
  budgetSinceMs = 0;
  /** What its session has been told to call. */
  onLost: (() => void) | undefined;
  readonly cores: Set<HoldCore> = new Set();
  readonly station: Station;
  readonly delay: LockDelay | undefined;
  /** Which of its holders is upgrading, or has upgraded. */
  #upgrader: HoldCore | undefined;
  #onAlone: (() => void) | undefined;

  constructor(station: Station, delay: LockDelay | undefined = station.kind.delay) {
    this.station = station;
    this.delay = delay;
  }

  add(core: HoldCore): HoldCore {
    this.cores.add(core);
    return core;
  }

  /** Gives the place up. False where it does not stand in line, or was given up before. */
  withdraw(): boolean {
    if (!this.isPending) return false;
    this.isPending = false;
    this.isWithdrawn = true;
    this.ticket?.withdraw();
    return true;
  }

  /** One of its holders lets go. @returns whether it was held until now */
  release(core: HoldCore): Promise<boolean> {
    this.cores.delete(core);
    if (this.#isAlone()) this.#onAlone?.();
    if (this.cores.size === 0) return this.station.takeBack(this);
    return Promise.resolve(this.ticket.session.remainingMs() > 0);
  }

  /** See `ReadLock.upgrade`: of those who share an entry one can upgrade. */
  async upgrade(core: HoldCore, options: WaitOptions): Promise<HoldCore | undefined> {
    if (this.#upgrader !== undefined) return undefined;
    this.#upgrader = core;
    const end = (): void => {
      this.#upgrader = undefined;
    };
    try {
      const writer = await this.station.upgrade(core, options);
      if (writer === undefined) end();
      else writer.onReleased = end;
      return writer;
    } catch (thrown) {
      end();
      throw thrown;
    }
  }

  /** Settles when nobody else than the one who upgrades holds it, or nobody wants to know any more. */
  alone(): Promise<void> {
    if (this.#isAlone()) return Promise.resolve();
    return new Promise(resolve => {
      this.#onAlone = resolve;
    });
  }

  /** The one who upgrades may have let go meanwhile: then whoever is left is another. */
  #isAlone(): boolean {
    const { size } = this.cores;
    return size === 0 || (size === 1 && this.#upgrader !== undefined && this.cores.has(this.#upgrader));
  }

  cancelAlone(): void {
    this.#onAlone?.();
    this.#onAlone = undefined;
  }
}
