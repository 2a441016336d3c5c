import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import {
  attachSharedCounter,
  attachStripedCounter,
  createSharedCounter,
  createStripedCounter,
} from '../src/shared/index.ts';

const workerCode = (buffer: SharedArrayBuffer, kind: string, times: number): Promise<number> => {
  const url = new URL('./fixtures/counting-thread.ts', import.meta.url);
  const worker = new Worker(url, { workerData: { buffer, kind, times } });
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', resolve);
  });
};

describe('a counter in shared memory', () => {
  test('counts 64 bits, exactly, with numbers and bigints', () => {
    const counter = createSharedCounter();
    expect(counter.add(5)).toBe(5n);
    expect(counter.add(2n ** 62n)).toBe(2n ** 62n + 5n);
    expect(counter.add(-(2 ** 40))).toBe(2n ** 62n + 5n - 2n ** 40n);
    counter.post(-5);
    counter.post(2 ** 40);
    expect(counter.get()).toBe(2n ** 62n);
    const other = attachSharedCounter(counter.buffer);
    expect(other.get()).toBe(2n ** 62n);
    expect(other.add(2n ** 62n)).toBe(-(2n ** 63n));
  });

  test.each([1.5, Number.NaN, 2 ** 53, 2n ** 63n])('refuses %s', delta => {
    const [one, striped] = [createSharedCounter(), createStripedCounter()];
    expect(() => one.add(delta)).toThrow(RangeError);
    expect(() => one.post(delta)).toThrow(RangeError);
    expect(() => striped.add(delta)).toThrow(RangeError);
    expect(() => striped.add('1' as unknown as number)).toThrow(TypeError);
    expect([one.get(), striped.get()]).toEqual([0n, 0n]);
  });

  test('refuses buffers that are none', () => {
    expect(() => attachSharedCounter(new SharedArrayBuffer(8))).toThrow('Buffer of a counter must have');
    expect(() => attachStripedCounter(new SharedArrayBuffer(4096))).toThrow(
      'Buffer of a counter with 0 stripes',
    );
    expect(() => createStripedCounter({ stripes: 0 })).toThrow('Stripes must be an integer from 1 to 4096');
  });

  test('striped, gives threads stripes in turn, and sums them up', () => {
    const first = createStripedCounter({ stripes: 3 });
    const all = [first, ...Array.from({ length: 4 }, () => attachStripedCounter(first.buffer))];
    expect(all.map(({ stripe }) => stripe)).toEqual([0, 1, 2, 0, 1]);
    for (const [index, counter] of all.entries()) counter.add(10n ** BigInt(index));
    for (const counter of all) expect(counter.get()).toBe(11_111n);
  });

  test('striped, carries from word to word and loses nothing', () => {
    const first = createStripedCounter({ stripes: 2 });
    const all = [first, attachStripedCounter(first.buffer), attachStripedCounter(first.buffer)];
    let sum = 0n;
    for (const [index, delta] of [2 ** 20 - 1, -(2 ** 20), 2 ** 20, -(2 ** 31), 2 ** 40, 1, -1].entries()) {
      for (let time = 0; time < 5000; time++) all[index % 3]!.add(delta);
      sum += 5000n * BigInt(delta);
      expect(first.get()).toBe(sum);
    }
  });

  test.each(['shared', 'striped'])('%s, loses nothing between threads', async kind => {
    const counter = kind === 'shared' ? createSharedCounter() : createStripedCounter({ stripes: 2 });
    const codes = await Promise.all(
      Array.from({ length: 3 }, () => workerCode(counter.buffer, kind, 200_000)),
    );
    expect(codes).toEqual([0, 0, 0]);
    expect(counter.get()).toBe(3n * 100_000n * 500_002n);
  });
});
