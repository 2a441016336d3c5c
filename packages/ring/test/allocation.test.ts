import { describe, expect, test, vi } from 'vitest';
import { algorithmNames, Ring, type RingOptions } from '../src/index.ts';

const CALLS = 50_000;
const keys = Array.from({ length: 1000 }, (_, i) => `user:${i * 7919}:${'x'.repeat(i % 24)}`);
const bytes = keys.map(key => new TextEncoder().encode(key));

/** Bytes that a call leaves on the heap, counted over a round in which nothing was collected. */
function bytesPerCall(call: (i: number) => unknown): number {
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < CALLS; i++) call(i % keys.length);
  return (process.memoryUsage().heapUsed - before) / CALLS;
}

/** The least of many rounds: those before the engine compiled the call for good do allocate. */
function settled(call: (i: number) => unknown): number {
  let least = Infinity;
  for (let round = 0; round < 100 && least > 0.5; round++) {
    const found = bytesPerCall(call);
    if (found >= 0) least = Math.min(least, found);
  }
  return least;
}

describe.each([...algorithmNames])('%s', algorithm => {
  const ring = Ring.build({
    algorithm,
    nodes: Array.from({ length: 20 }, (_, i) => `node-${i}`),
  } as RingOptions);

  test('get and index leave nothing on the heap', () => {
    expect(settled(i => ring.get(keys[i] as string))).toBeLessThan(1);
    expect(settled(i => ring.index(bytes[i] as Uint8Array))).toBeLessThan(1);
  });

  test('pick into an array leaves nothing on the heap', () => {
    const options = { n: 3, out: [] };
    expect(settled(i => ring.pick(keys[i] as string, options))).toBeLessThan(1);
  });
});

test.each([3, 64, 65, 200])('pick of %i into an array makes no list of its own once it has one', n => {
  const ring = Ring.build({ nodes: Array.from({ length: 200 }, (_, i) => `node-${i}`) });
  const options = { n, out: [] };
  expect(ring.pick('first', options)).toHaveLength(n);
  const made = vi.fn<() => void>();
  vi.stubGlobal(
    'Int32Array',
    class extends Int32Array {
      constructor(length: number) {
        super(length);
        made();
      }
    },
  );
  try {
    for (const key of keys) ring.pick(key, options);
  } finally {
    vi.unstubAllGlobals();
  }
  expect(made).not.toHaveBeenCalled();
});
