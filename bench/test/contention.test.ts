import { Piscina } from 'piscina';
import { describe, expect, it } from 'vitest';
import { addedInRun, balancesIn } from '../src/kernels/guarded-account.ts';
import { countedIn } from '../src/kernels/shared-counter.ts';
import { threadGroupMemory } from '../src/measure/thread-group.ts';
import type { Bench, Context } from '../src/suite.ts';
import contention from '../suites/contention.ts';
import type { Done, Order } from './fixtures/contending-thread.ts';

const threads = 2;
const keys = Array.from({ length: 400 }, (_, index) => `session:${index * 7919}:harbour`);

function benchNamed(name: string): Bench {
  const found = contention.benches.find(bench => bench.name === name);
  if (found === undefined) throw new Error(`No bench ${name}`);
  return found;
}

/** Runs a contender in a group of real threads; gives what each thread found and what they shared. */
async function contend(
  bench: Bench,
  contender: string,
  runs: number,
  count = threads,
): Promise<{ done: Done[]; group: unknown }> {
  const group = bench.group?.({} as Context);
  const pool = new Piscina<Order, Done>({
    filename: new URL('fixtures/contending-thread.ts', import.meta.url).href,
    minThreads: count,
    maxThreads: count,
    concurrentTasksPerWorker: 1,
  });
  const gate = threadGroupMemory();
  const order = {
    bench: bench.name,
    contender,
    params: { nodes: 10 },
    keys,
    count,
    group,
    gate,
    runs,
  };
  const url = new URL('../suites/contention.ts', import.meta.url).href;
  try {
    const tasks = Array.from({ length: count }, async (_, index) => pool.run({ ...order, url, index }));
    return { done: await Promise.all(tasks), group };
  } finally {
    await pool.destroy();
  }
}

function total(done: readonly Done[], value: (thread: Done) => number): number {
  return done.reduce((sum, thread) => sum + value(thread), 0);
}

describe('counter', () => {
  const bench = benchNamed('counter');
  const sharing = Object.keys(bench.contenders).filter(name => !bench.controls?.includes(name));

  it.each(sharing)('loses no addition: %s', async contender => {
    const { done, group } = await contend(bench, contender, 200);
    expect(countedIn(group as SharedArrayBuffer)).toBe(total(done, ({ ops }) => ops));
    for (const { checksums, ops } of done) expect(checksums.reduce((sum, own) => sum + own)).toBe(ops);
  });

  it('counts a retry only where the word has changed', async () => {
    const [contender = ''] = sharing;
    const { done } = await contend(bench, contender, 200);
    for (const { counts, ops } of done) {
      // Each change by the other thread can make this one try again once.
      expect(counts['retries']).toBeLessThanOrEqual(total(done, thread => thread.ops) - ops);
    }
  });

  it('leaves the shared word alone in the control', async () => {
    const { done, group } = await contend(bench, 'sharded add', 5);
    expect(countedIn(group as SharedArrayBuffer)).toBe(0);
    expect(done.every(({ ops }) => ops > 0)).toBe(true);
  });
});

describe('mutex', () => {
  const bench = benchNamed('mutex');

  it.each(Object.keys(bench.contenders))('lets one thread in at a time: %s', async contender => {
    const runs = 300;
    const { done, group } = await contend(bench, contender, runs);
    // The additions are plain: two threads in at once would lose some.
    expect(balancesIn(group as SharedArrayBuffer)).toEqual(
      Array.from({ length: 8 }, () => threads * runs * addedInRun),
    );
    expect(new Set(done.flatMap(({ checksums }) => checksums)).size).toBe(1);
    for (const { counts, ops } of done) expect(counts['wakes']).toBeLessThanOrEqual(ops);
  });
});

describe('ring reference', () => {
  const bench = benchNamed('ring reference');
  const publishing = '@quorate/ring RingRef';

  it('finds a whole ring in every lookup, whichever it is', async () => {
    const { done } = await contend(bench, publishing, 60);
    const alone = await contend(bench, 'lookups alone', 1);
    const expected = new Set(alone.done.flatMap(({ checksums }) => checksums));
    expect(expected.size).toBe(1);
    expect(new Set(done.flatMap(({ checksums }) => checksums))).toEqual(expected);
  });

  it('counts copies and nothing else: at most one for each ring that the neighbour published', async () => {
    const runs = 40;
    const { done } = await contend(bench, publishing, runs);
    for (const { counts } of done) {
      expect(Object.keys(counts)).toEqual(['copies']);
      expect(counts['copies']).toBeGreaterThanOrEqual(0);
      expect(counts['copies']).toBeLessThanOrEqual(runs);
    }
  });

  it('counts a copy for each ring where it is its own neighbour, and so sees them all', async () => {
    const runs = 40;
    const found = await contend(bench, publishing, runs, 1);
    expect(found.done.map(({ counts }) => counts)).toEqual([{ copies: runs }]);
  });
});
