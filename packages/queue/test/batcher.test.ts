import { expect, it } from 'vitest';
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
