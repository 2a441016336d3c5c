import { describe, expect, it } from 'vitest';
import { Batcher } from '../src/batch/batcher.ts';
import { turn } from './queue-stand.ts';

/** A batcher of numbers, each as many bytes, whose batches end when they are told to. */
function batcherOf(flightsMax: number): {
  batcher: Batcher<number>;
  batches: number[][];
  ends: (() => void)[];
} {
  const batches: number[][] = [];
  const ends: (() => void)[] = [];
  const batcher = new Batcher<number>({
    countMax: 3,
    bytesMax: 10,
    bytesOf: bytes => bytes,
    flightsMax,
    flush(batch) {
      batches.push([...batch]);
      return new Promise(resolve => ends.push(resolve));
    },
  });
  return { batcher, batches, ends };
}

it('bounds batches by count and by bytes, and keeps the order', async () => {
  const { batcher, batches } = batcherOf(10);
  for (const bytes of [1, 2, 3, 4, 5, 6, 20, 1]) batcher.add(bytes);
  await turn();
  // What is larger than a batch goes by itself.
  expect(batches).toEqual([[1, 2, 3], [4, 5], [6], [20], [1]]);
});

it('gathers while as many are under way as may be', async () => {
  const { batcher, batches, ends } = batcherOf(1);
  batcher.add(1);
  await turn();
  for (const bytes of [2, 3]) {
    batcher.add(bytes);
    await turn();
  }
  expect(batches).toEqual([[1]]);
  ends[0]?.();
  await turn();
  expect(batches).toEqual([[1], [2, 3]]);
});

it('drops what is not to be kept and not under way', async () => {
  const { batcher, batches } = batcherOf(1);
  for (const bytes of [1, 2, 3]) batcher.add(bytes);
  batcher.keep(bytes => bytes !== 2);
  await turn();
  batcher.keep(() => false);
  expect(batches).toEqual([[1, 3]]);
});

describe('with two flights, of which nothing ordered may be overtaken', () => {
  /** Items below 100 are ordered. */
  function besideOf(): { batcher: Batcher<number>; batches: number[][]; ends: (() => void)[] } {
    const batches: number[][] = [];
    const ends: (() => void)[] = [];
    const batcher = new Batcher<number>({
      countMax: 6,
      flightsMax: 2,
      beside: { countMin: 2, isOrdered: item => item < 100 },
      flush(batch) {
        batches.push([...batch]);
        return new Promise(resolve => ends.push(resolve));
      },
    });
    return { batcher, batches, ends };
  }
  const add = async (batcher: Batcher<number>, ...items: number[]): Promise<void> => {
    for (const item of items) batcher.add(item);
    await turn();
  };

  it('sends many in halves, and gathers fewer than are worth it', async () => {
    const { batcher, batches, ends } = besideOf();
    await add(batcher, 101, 102, 103, 104, 105);
    expect(batches).toEqual([
      [101, 102, 103],
      [104, 105],
    ]);
    ends[0]?.();
    await turn();
    await add(batcher, 106);
    expect(batches.length).toBe(2);
    await add(batcher, 107);
    expect(batches[2]).toEqual([106, 107]);
    await add(batcher, 108);
    expect(batches.length).toBe(3);
    ends[1]?.();
    ends[2]?.();
    await turn();
    expect(batches[3]).toEqual([108]);
  });

  it('has what is ordered under way alone', async () => {
    const { batcher, batches, ends } = besideOf();
    await add(batcher, 1, 101, 102, 103);
    expect(batches).toEqual([[1, 101, 102, 103]]);
    await add(batcher, 104, 105, 2, 106, 107);
    expect(batches.length).toBe(1);
    ends[0]?.();
    await turn();
    expect(batches[1]).toEqual([104, 105, 2, 106, 107]);
    ends[1]?.();
    await turn();
    await add(batcher, 108, 109);
    await add(batcher, 110, 111, 3, 112, 113);
    // Up to the ordered one, which waits for both, as does what is behind it.
    expect(batches.slice(2)).toEqual([
      [108, 109],
      [110, 111],
    ]);
    ends[2]?.();
    await turn();
    expect(batches.length).toBe(4);
    ends[3]?.();
    await turn();
    expect(batches[4]).toEqual([3, 112, 113]);
  });

  it('looks at little of what waits for what is under way, however often something comes', async () => {
    let looks = 0;
    const batcher = new Batcher<number>({
      countMax: 500,
      flightsMax: 2,
      countOf: () => ++looks && 1,
      beside: { countMin: 2, isOrdered: item => ++looks > 0 && item < 100 },
      flush: () => new Promise(() => {}),
    });
    await add(batcher, 101);
    await add(batcher, 102, 1);
    looks = 0;
    for (let count = 0; count < 200; count++) await add(batcher, 2);
    expect(looks).toBeLessThan(1000);
  });
});
