import { type Clock, ManualClock, seededRandom, type Store } from '@quorate/core';
import { expect, test } from 'vitest';
import { runStoreCase, type StoreCase } from '../src/index.ts';

/** Time that passes without a timer having been able to fire, as where a machine stands still. */
class HaltingClock extends ManualClock {
  #haltedMs = 0;

  override monotonicMs(): number {
    return super.monotonicMs() + this.#haltedMs;
  }

  halt(durationMs: number): void {
    this.#haltedMs += durationMs;
  }
}

/** Runs a case that does something to the clock in each attempt, and fails in those that are named. */
async function attempts(
  timed: boolean,
  failing: readonly number[],
  act: (clock: HaltingClock) => void,
): Promise<{ readonly ttls: number[]; readonly thrown: string | undefined; readonly timerCount: number }> {
  const clock = new HaltingClock();
  const ttls: number[] = [];
  const store = { capabilities: {}, [Symbol.asyncDispose]: async () => {} } as unknown as Store;
  const subject = {
    name: 'none',
    clock: clock as Clock,
    random: seededRandom(1),
    ttlMs: 1000,
    open: async () => store,
  };
  const storeCase: StoreCase = {
    name: 'it holds',
    timed,
    async run(stage) {
      ttls.push(stage.ttlMs);
      act(clock);
      if (failing.includes(ttls.length)) throw new Error(`attempt ${ttls.length} failed`);
    },
  };
  const thrown = await runStoreCase(subject, storeCase).then(
    () => undefined,
    (error: unknown) => (error as Error).message,
  );
  return { ttls, thrown, timerCount: clock.timerCount };
}

const halts = (clock: HaltingClock): void => clock.halt(2000);

test('a case that failed while the machine stood still is tried again, with a longer time to live', async () => {
  expect(await attempts(true, [1, 2], halts)).toEqual({
    ttls: [1000, 2000, 4000],
    thrown: undefined,
    timerCount: 0,
  });
});

test('what stood still in the midst of an attempt counts as well', async () => {
  const { ttls, thrown } = await attempts(true, [1], clock => {
    halts(clock);
    clock.advance(500);
  });
  expect([ttls.length, thrown]).toEqual([2, undefined]);
});

test('one that fails whenever it is tried fails, and says that the machine stood still', async () => {
  const { ttls, thrown } = await attempts(true, [1, 2, 3, 4, 5], halts);
  expect(ttls).toEqual([1000, 2000, 4000, 4000]);
  expect(thrown).toMatch(/"it holds" is not kept \(in each of 4 attempts .* 1800 ms\): attempt 4 failed/);
});

test('one that failed while time went on is not tried again, nor one that is not about time', async () => {
  const goesOn = await attempts(true, [1], clock => clock.advance(5000));
  expect(goesOn).toEqual({
    ttls: [1000],
    thrown: 'none: "it holds" is not kept: attempt 1 failed',
    timerCount: 0,
  });
  expect((await attempts(false, [1], halts)).ttls).toEqual([1000]);
});
