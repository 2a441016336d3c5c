import type { LeasedMessage, MessageId, QueueStore } from '@quorate/core';

const queue = 'clock/jobs';
const hourMs = 3_600_000;
const longMs = 600_000;
const shortMs = 500;
/** Bounds what hangs. */
const waitMs = 60_000;
const all = { messagesMax: 100, leaseMs: longMs };

/** What came of steps of a clock. */
export interface ClockSeen {
  /** Leased after the clock went forward by an hour. */
  readonly forward: readonly string[];
  /** What the holder from before that was told. */
  readonly settled: string;
  /** Leased after it went back by two. */
  readonly back: readonly string[];
  /** Leased once its lease from after that had ended. */
  readonly again: readonly string[];
  /** Leased when it was where it had been before, and behind what was put after. */
  readonly caughtUp: readonly string[];
  /** What is left in the end. */
  readonly leftCount: number;
  /** Whether each token was larger than all that were given before. */
  readonly isGrowing: boolean;
}

/**
 * Steps a clock by an hour and more, forward and back, while messages wait, are delayed and are leased.
 *
 * @param setAhead sets the clock, ms
 * @param forwardCount how many messages come once it went forward
 * @param backCount how many come once it went back
 */
export async function clockHistory(
  store: QueueStore,
  setAhead: (aheadMs: number) => void,
  forwardCount: number,
  backCount: number,
): Promise<ClockSeen> {
  const tokens: bigint[] = [];
  const hands = new Hands(store, tokens);
  await hands.put('held');
  const [held] = await hands.lease({});
  await hands.put('waits');
  await hands.put('delayed', hourMs / 2);
  setAhead(hourMs);
  const forward = await hands.take(forwardCount);
  const [outcome] = await store.settle([{ lease: held!, action: { type: 'acknowledge' } }]);
  await hands.settle(forward);

  await hands.put('before');
  setAhead(-hourMs);
  await hands.put('after');
  const back = await hands.take(backCount);
  await hands.settle(back.filter(({ id }) => id !== 'after'));
  // Its lease is given up, and the next is of the set clock alone.
  const release = { type: 'release', delayMs: 0 } as const;
  await store.settle(back.filter(({ id }) => id === 'after').map(each => ({ lease: each, action: release })));
  await hands.lease({ leaseMs: shortMs });
  const again = await hands.lease({ waitMs });
  await hands.settle(again);

  setAhead(hourMs);
  await hands.put('last');
  const caughtUp = await hands.take(3 - backCount);
  await hands.settle(caughtUp);
  const { readyCount, delayedCount, leasedCount, heldCount } = await store.inspect.depth(queue);
  return {
    forward: idsOf(forward),
    settled: outcome?.outcome === 'applied' ? 'applied' : 'lost',
    back: idsOf(back),
    again: idsOf(again),
    caughtUp: idsOf(caughtUp),
    leftCount: readyCount + delayedCount + leasedCount + heldCount,
    isGrowing: tokens.every((token, index) => index === 0 || token > (tokens[index - 1] as bigint)),
  };
}

/** What a worker does, which notes its tokens. */
class Hands {
  readonly #store: QueueStore;
  readonly #tokens: bigint[];

  constructor(store: QueueStore, tokens: bigint[]) {
    this.#store = store;
    this.#tokens = tokens;
  }

  put(id: string, delayMs = 0): Promise<unknown> {
    return this.#store.put([{ queue, message: { id: id as MessageId, body: Buffer.from(id), delayMs } }]);
  }

  async lease(options: object): Promise<readonly LeasedMessage[]> {
    const leased = await this.#store.lease(queue, { ...all, owner: 'me', ...options });
    this.#tokens.push(...leased.map(({ token }) => token));
    return leased;
  }

  async settle(leased: readonly LeasedMessage[]): Promise<void> {
    const acknowledge = { type: 'acknowledge' } as const;
    const results = await this.#store.settle(leased.map(each => ({ lease: each, action: acknowledge })));
    for (const result of results) {
      if (result.outcome !== 'applied') throw new Error(`A holder must settle: ${JSON.stringify(result)}`);
    }
  }

  /** Takes so many, and whatever else there is at once. */
  async take(count: number): Promise<readonly LeasedMessage[]> {
    const taken: LeasedMessage[] = [];
    while (taken.length < count) {
      const more = await this.lease({ waitMs });
      if (more.length === 0) break;
      taken.push(...more);
    }
    return [...taken, ...(await this.lease({}))];
  }
}

function idsOf(leased: readonly LeasedMessage[]): string[] {
  return leased.map(({ id }) => id).sort();
}
