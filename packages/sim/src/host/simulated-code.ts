import { AmbientTraps } from './ambient-traps.ts';

type RejectionListener = (reason: unknown, promise: Promise<unknown>) => void;

/** What nobody handles at the end of a turn, so that it is known when everything before it was reported. */
const endOfTurn: unique symbol = Symbol('end of turn');

/**
 * The border between simulated code and the host. Within it, ambient things are trapped, and rejections that nobody handles are
 * the scenario's; outside, everything is as the host left it.
 */
export class SimulatedCode {
  /** Hears what simulated code did wrong. */
  onError: (error: unknown) => void = () => {};
  readonly #traps: AmbientTraps = new AmbientTraps(error => this.onError(error));
  #hostListeners: RejectionListener[] = [];

  enter(): void {
    this.#hostListeners = process.listeners('unhandledRejection') as RejectionListener[];
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', this.#onRejection);
    this.#traps.install();
  }

  /** Calls `left` once every rejection of the turn was reported. */
  leave(left: () => void): void {
    this.#traps.remove();
    this.#left = left;
    // Node reports rejections in their order, so this one comes last.
    void Promise.reject(endOfTurn);
  }

  #left: () => void = () => {};

  readonly #onRejection: RejectionListener = reason => {
    if (reason !== endOfTurn) {
      this.onError(reason);
      return;
    }
    process.removeListener('unhandledRejection', this.#onRejection);
    for (const listener of this.#hostListeners) process.on('unhandledRejection', listener);
    this.#left();
  };
}
