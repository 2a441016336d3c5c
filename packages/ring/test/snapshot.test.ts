import { Worker } from 'node:worker_threads';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { Ring } from '../src/index.ts';

const nodes = [
  ...Array.from({ length: 40 }, (_, i) => ({ id: `node-${i}`, zone: `z${i % 3}` })),
  { id: 'é', weight: 2.5 },
];
const keys = Array.from({ length: 2000 }, (_, i) => `key:${i}`);

const lookups = (ring: Ring): unknown =>
  keys.map(key => [ring.get(key), ring.pick(key, { n: 3, spread: 'zone' })]);

test('threads read the tables of one piece of memory', async () => {
  const ring = Ring.build({ nodes });
  const snapshot = ring.share();
  const workers = [0, 1].map(
    () => new Worker(new URL('lookup-worker.ts', import.meta.url), { workerData: { snapshot, keys } }),
  );
  try {
    const messages = await Promise.all(workers.map(worker => once(worker, 'message')));
    for (const [answer] of messages as [{ lookups: unknown; shared: boolean }][]) {
      expect(answer.lookups).toEqual(lookups(ring));
      expect(answer.shared).toBe(true);
    }
  } finally {
    await Promise.all(workers.map(worker => worker.terminate()));
  }
});

describe('share', () => {
  test('moves the tables, once', () => {
    const ring = Ring.build({ nodes });
    const before = lookups(ring);
    const bytes = ring.memoryBytes;
    const snapshot = ring.share();
    expect(ring.share()).toBe(snapshot);
    expect(ring.memoryBytes).toBe(bytes);
    expect(lookups(ring)).toEqual(before);
    expect(snapshot.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(snapshot.buffer.byteLength).toBeLessThan(bytes + 4096);
    // Whoever attaches shares on what there is.
    const attached = Ring.attach(snapshot);
    expect(attached.share()).toEqual(snapshot);
  });

  test('what was attached can change, and knows all but values', () => {
    const ring = Ring.build({ nodes: nodes.map(node => ({ ...node, value: 1 })), vnodes: 7, seed: 9 });
    const attached = Ring.attach(ring.share());
    expect(attached.nodes).toEqual(ring.nodes.map(node => ({ ...node, value: undefined })));
    expect([attached.algorithm, attached.historyFree]).toEqual(['ring', true]);
    const change = { remove: ['node-7'], add: ['new'], weight: { é: 1 } };
    expect(lookups(attached.with(change))).toEqual(lookups(ring.with(change)));
    expect(ring.with(change).diff(attached.with(change)).moved).toBe(0);
  });

  test('memory that is not shared will do, and is shared on by a copy', () => {
    const ring = Ring.build({ nodes });
    const draft = ring.draft();
    const buffer = new ArrayBuffer(draft.bytes + 100);
    draft.write(new Uint8Array(buffer));
    const attached = Ring.attach({ buffer });
    expect(lookups(attached)).toEqual(lookups(ring));
    expect(attached.share().buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(lookups(attached)).toEqual(lookups(ring));
  });
});

test('what is no snapshot is refused', () => {
  expect(() => Ring.attach({ buffer: new ArrayBuffer(0) })).toThrow(
    'Snapshot of 0 bytes is not a snapshot of a ring',
  );
  expect(() => Ring.attach({ buffer: new ArrayBuffer(64) })).toThrow(
    'Snapshot of 64 bytes is not a snapshot of a ring',
  );
  const good = new Uint8Array(Ring.build({ nodes }).share().buffer).slice();
  expect(() => Ring.attach({ buffer: good.buffer.slice(0, -8) })).toThrow(
    /Snapshot must have \d+ bytes: received \d+/,
  );
  const words = new Uint32Array(good.buffer);
  words[1] = 99;
  expect(() => Ring.attach({ buffer: good.buffer })).toThrow('Snapshot must have version 1: received 99');
});
