import { driveQueue, type LeaseQuery, type QueueDriver, type QueueStore, sleep } from '@quorate/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startWork, type Work } from '../src/index.ts';
import { acknowledge, QueueStand } from './queue-stand.ts';

/** A client whose calls take up to 40 ms each way, and of which nothing is sent any more once it is closed. */
function slowStore(stand: QueueStand): QueueStore {
  const store = stand.store.open();
  const random = stand.random.fork('delays');
  let isClosed = false;
  const late =
    <Call extends unknown[], Result>(call: (...args: Call) => Promise<Result>) =>
    async (...args: Call): Promise<Result> => {
      await sleep(stand.clock, random.below(40));
      if (isClosed) throw new Error('Closed before it was sent');
      const result = await call(...args);
      await sleep(stand.clock, random.below(40));
      return result;
    };
  const driver = {
    capabilities: store.capabilities,
    state: store.state,
    watch: (queue: string, onReady: () => void) => store.watch(queue, onReady),
    lease: late(async (queue: string, { lanes, ...query }: LeaseQuery) => ({
      messages: await store.lease(queue, { ...query, ...(lanes && { lanes }) }),
    })),
    extend: late((...[leases, leaseMs, started]: Parameters<QueueDriver['extend']>) =>
      store.extend(leases, leaseMs, { started }),
    ),
    settle: late((...[settlements]: Parameters<QueueDriver['settle']>) => store.settle(settlements)),
    async [Symbol.asyncDispose]() {
      isClosed = true;
    },
  };
  return driveQueue(driver as unknown as QueueDriver, { clock: stand.clock });
}

/** Pauses, resumes, drains and disposes of works at random moments, and gives what was wrong with the starts. */
async function history(
  seed: number,
): Promise<{ readonly wrong: readonly string[]; readonly unseen: number }> {
  const stand = new QueueStand(seed);
  const random = stand.random.fork('history');
  const starts = new Map<string, number>();
  const wrong: string[] = [];
  const ends: Promise<unknown>[] = [];
  const start = (): { readonly work: Work; readonly store: QueueStore } => {
    const store = slowStore(stand);
    const [concurrency, prefetch] = [1 + random.below(6), random.below(3) === 0 ? random.below(6) : 0];
    let runningCount = 0;
    const handle = async ({ message: { id }, attempt }: { message: { id: string }; attempt: number }) => {
      const startCount = (starts.get(id) ?? 0) + 1;
      starts.set(id, startCount);
      if (attempt !== startCount) wrong.push(`${id} started ${startCount} times has attempt ${attempt}`);
      if (++runningCount > concurrency) wrong.push(`${runningCount} at a time of ${concurrency}`);
      if (random.below(4) === 0) work.pause();
      await sleep(stand.clock, random.below(100));
      runningCount--;
      if (random.below(5) === 0) throw new Error('not this time');
      return acknowledge;
    };
    const retry = { attemptsMax: 1000, delayMs: 50 };
    const { clock } = stand;
    const options = {
      store,
      clock,
      random: random.fork('work'),
      leaseMs: 2000,
      concurrency,
      prefetch,
      retry,
    };
    const work = startWork({ queue: 'q', ...options, handler: { handle } });
    return { work, store };
  };
  const works = [start(), start()];
  for (let step = 0; step < 100; step++) {
    await stand.put(Array.from({ length: random.below(5) }, (_, index) => `${step} ${index}`));
    const [place, choice] = [random.below(2), random.below(5)];
    const { work, store } = works[place] as (typeof works)[number];
    if (choice < 2) work.pause();
    if (choice > 0 && choice < 4) work.resume();
    if (choice === 4) {
      const end = random.below(2) === 0 ? work.drain() : work[Symbol.asyncDispose]();
      ends.push(end.then(() => store[Symbol.asyncDispose]()));
      works[place] = start();
    }
    await stand.pass(random.below(60), 5);
  }
  for (let count = 0; count < 1000 && (await stand.count()) > 0; count++) {
    for (const { work } of works) work.resume();
    await stand.pass(50, 10);
  }
  const unseen = await stand.count();
  ends.push(...works.map(({ work, store }) => work.drain().then(() => store[Symbol.asyncDispose]())));
  await stand.until(Promise.all(ends));
  await stand.close();
  return { wrong, unseen };
}

describe('works that are paused, drained and disposed of in the middle of their calls', () => {
  it('give all back, and charge an attempt for each start and for nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async seed => {
        expect(await history(seed)).toEqual({ wrong: [], unseen: 0 });
      }),
      { numRuns: 20, endOnFailure: true },
    );
  });
});
