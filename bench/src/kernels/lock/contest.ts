import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '@quorate/core';
import type { Setup } from '../../suite.ts';
import { median, quantile } from '../../statistics/quantile.ts';
import type { Contender, OpenCrowd } from './crowd.ts';

/** How long contenders compete before it counts. */
const warmMs = 200;

/** What is reported of a contest. */
export type Figure = 'p99 wait' | 'time per acquisition';

/**
 * Contenders who want one lock again and again: each waits for it, holds it for 1 ms and thinks of something else for up to 20.
 * The waits of everybody are taken together.
 */
export function contest(open: OpenCrowd, figure: Figure): Setup {
  return async context => {
    await using crowd = await open(context.number('contenders'));
    const guard = new Guard();
    const random = context.random('think');
    await compete(crowd.contenders, warmMs, random, guard);
    const startMs = performance.now();
    const waits = await compete(crowd.contenders, context.number('for ms'), random, guard);
    const tookMs = performance.now() - startMs;
    const ms = figure === 'p99 wait' ? quantile(waits, 0.99) : tookMs / waits.length;
    return { quantity: ms * 1e6 };
  };
}

/** How long each wait took, ms. */
async function compete(
  contenders: readonly Contender[],
  competeMs: number,
  random: Random,
  guard: Guard,
): Promise<number[]> {
  const waits: number[] = [];
  const endMs = performance.now() + competeMs;
  const one = async (contender: Contender): Promise<void> => {
    await sleep(random.float() * 20);
    while (performance.now() < endMs) {
      const startMs = performance.now();
      const release = await contender.acquire();
      waits.push(performance.now() - startMs);
      guard.enter();
      await sleep(1);
      guard.leave();
      await release();
      await sleep(random.float() * 20);
    }
  };
  await Promise.all(contenders.map(one));
  return waits;
}

/**
 * Time until everybody who came at once has had the lock, ns; nobody holds it longer than it takes to let go.
 *
 * @param drains how often; the one in the middle is reported. Once is enough where each takes long
 */
export function drain(open: OpenCrowd, drains: 1 | 3 = 3): Setup {
  return async context => {
    await using crowd = await open(context.number('waiters'));
    const guard = new Guard();
    const times: number[] = [];
    for (let turn = 0; turn <= drains; turn++) {
      const startMs = performance.now();
      await Promise.all(
        crowd.contenders.map(async contender => {
          const release = await contender.acquire();
          guard.enter();
          guard.leave();
          await release();
        }),
      );
      // The first opens sessions and has scripts loaded.
      if (turn > 0) times.push(performance.now() - startMs);
    }
    return { quantity: median(times) * 1e6 };
  };
}

/** A lock that lets two in at once fails its bench. */
class Guard {
  #inside = 0;

  enter(): void {
    this.#inside += 1;
    if (this.#inside > 1) throw new Error(`Lock must have one holder: it had ${this.#inside}`);
  }

  leave(): void {
    this.#inside -= 1;
  }
}
