import { QuorateError } from '@quorate/core';

/**
 * Simulated code used time, randomness, timers or I/O that the seed does not decide: another run of the same seed would differ.
 * Its stack says where. The run ends as `error` even where the code catches it.
 */
export class NondeterminismError extends QuorateError {
  static {
    Object.defineProperty(this.prototype, 'name', {
      value: 'NondeterminismError',
      writable: true,
      configurable: true,
    });
  }

  /** @param what as it would be written: `Date.now()` */
  constructor(what: string, instead: string) {
    super('NONDETERMINISM', `Simulated code must not use ${what}: ${instead}`, { outcome: 'not-applied' });
  }
}
