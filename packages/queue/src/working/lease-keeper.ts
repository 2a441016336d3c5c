import type { LeaseHandle } from '@quorate/core';

/** Extends leases from somewhere that the event loop of the handlers cannot block. */
export interface LeaseKeeper {
  /**
   * Begins to keep leases of `leaseMs`.
   *
   * @param held those that are there when it begins to
   */
  keep(
    leaseMs: number,
    onLost: (leases: readonly LeaseHandle[]) => void,
    held: () => readonly LeaseHandle[],
  ): KeptLeases;
}

/** What is kept for one work. */
export interface KeptLeases extends Disposable {
  /** Settles when it is at work, or never will be. Nothing is leased before. */
  readonly ready: Promise<void>;
  /** Whether it is at work. Where it is not, leases are extended by their work itself. */
  readonly isKeeping: boolean;
  /** Keeps these as well. */
  add(leases: readonly LeaseHandle[]): void;
  /** Says that the event loop is alive, and keeps these alone from now on. */
  replace(leases: readonly LeaseHandle[]): void;
  /** Since when on the monotonic clock all that was added before is known to be extended; undefined before the first time. */
  keptSinceMs(addedMs: number): number | undefined;
}
