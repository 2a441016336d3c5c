import type { WaitOptions } from '@quorate/core';
import type { HoldCore } from './hold-core.ts';
import type { OwnTask } from './lock-task.ts';
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
  #isUpgrading = false;
  #onAlone: (() => void) | undefined;

  constructor(station: Station) {
    this.station = station;
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
    if (this.cores.size === 0) return this.station.takeBack(this);
    if (this.cores.size === 1) this.#onAlone?.();
    return Promise.resolve(this.ticket.session.remainingMs() > 0);
  }

  /** See `ReadLock.upgrade`: of those who share an entry one can upgrade. */
  async upgrade(
    name: string,
    task: OwnTask | undefined,
    options: WaitOptions,
  ): Promise<HoldCore | undefined> {
    if (this.#isUpgrading) return undefined;
    this.#isUpgrading = true;
    const core = await this.station.upgrade(this, name, task, options).catch((thrown: unknown) => {
      this.#isUpgrading = false;
      throw thrown;
    });
    if (core === undefined) this.#isUpgrading = false;
    else core.onReleased = () => void (this.#isUpgrading = false);
    return core;
  }

  /** Settles when it has one holder left, or nobody wants to know any more. */
  alone(): Promise<void> {
    if (this.cores.size === 1) return Promise.resolve();
    return new Promise(resolve => {
      this.#onAlone = resolve;
    });
  }

  cancelAlone(): void {
    this.#onAlone?.();
    this.#onAlone = undefined;
  }
}
