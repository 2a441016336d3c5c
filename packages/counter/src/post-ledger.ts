import { boundedWait, type Clock, QuorateError, type WaitOptions } from '@quorate/core';
import { type Delta, plus } from './int64.ts';

/** What was posted and left together. */
export interface PostGroup {
  readonly succeed: () => void;
  readonly fail: (delta: Delta, reason: Error) => void;
}

/** Sums of what did not count, and of what may. */
interface Losses {
  refused: Delta;
  unknown: Delta;
  cause: Error;
}

/** Knows which posts are under way, and what was lost of them until somebody is told. */
export class PostLedger {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #open = new Set<Promise<void>>();
  #losses: Losses | undefined;

  constructor(name: string, clock: Clock) {
    this.#name = name;
    this.#clock = clock;
  }

  get hasLosses(): boolean {
    return this.#losses !== undefined;
  }

  open(): PostGroup {
    let settle = (): void => {};
    const settled = new Promise<void>(resolve => {
      settle = resolve;
    });
    this.#open.add(settled);
    const end = (): void => {
      this.#open.delete(settled);
      settle();
    };
    return {
      succeed: end,
      fail: (delta, reason) => {
        this.#lose(delta, reason);
        end();
      },
    };
  }

  async flush(options: WaitOptions = {}): Promise<void> {
    if (this.#open.size > 0) {
      const all = [...this.#open];
      await boundedWait(this.#clock, options, 'unknown', async () => void (await Promise.all(all)));
    }
    const losses = this.#losses;
    if (losses === undefined) return;
    this.#losses = undefined;
    const { refused, unknown, cause } = losses;
    throw new QuorateError(
      'POSTS_FAILED',
      `Of what was posted to counter "${this.#name}", ${refused} in all does not count, and of ${unknown} nobody can tell`,
      { outcome: unknown === 0 && !isUnknown(cause) ? 'not-applied' : 'unknown', cause },
    );
  }

  #lose(delta: Delta, cause: Error): void {
    const losses = (this.#losses ??= { refused: 0, unknown: 0, cause });
    if (isUnknown(cause)) losses.unknown = plus(losses.unknown, delta);
    else losses.refused = plus(losses.refused, delta);
    losses.cause = cause;
  }
}

function isUnknown(cause: Error): boolean {
  return cause instanceof QuorateError && cause.outcome === 'unknown';
}
