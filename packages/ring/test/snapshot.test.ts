import { Worker } from 'node:worker_threads';
import { once } from 'node:events';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Ring, RingRef } from '../src/index.ts';

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

describe('damage outside of the tables', () => {
  const good = new Uint8Array(Ring.build({ nodes: ['a', 'b'], vnodes: 3 }).share().buffer).slice();
  const size = new Uint32Array(good.buffer)[3] as number;

  /** The snapshot with other words in its prefix, or with another text in place of its description. */
  function damaged(words: Record<number, number>, from: RegExp | string = '', to = ''): () => unknown {
    const bytes = good.slice();
    for (const [at, word] of Object.entries(words)) new Uint32Array(bytes.buffer)[Number(at)] = word;
    const text = new TextDecoder().decode(bytes.subarray(16, 16 + size)).replace(from, to);
    bytes.set(new TextEncoder().encode(text.padEnd(size, ' ').slice(0, size)), 16);
    return () => Ring.attach({ buffer: bytes.buffer });
  }

  test.each([
    ['a description beyond the end', damaged({ 3: 1e9 })],
    ['an empty description', damaged({ 3: 0 })],
    ['a description cut short', damaged({ 3: size - 1 })],
    ['an end before its tables', damaged({ 2: 16 })],
    ['a table of no known type', damaged({}, '"u32"', '"u33"')],
    ['a table beyond the end', damaged({}, '"u16",8', '"f64",9')],
    ['a table of negative length', damaged({}, /"u32",\d/, '"u32",-')],
    ['no nodes', damaged({}, '"nodes"', '"modes"')],
    ['no object', damaged({}, /.*/, 'null')],
  ])('%s is refused', (_, attach) => {
    expect(attach).toThrow(TypeError);
    expect(attach).toThrow(/^Snapshot of \d+ bytes is damaged$/);
  });
});

describe('where there is no shared memory', () => {
  afterEach(() => void vi.unstubAllGlobals());

  test('sharing is refused, and lookups and drafts work', () => {
    vi.stubGlobal('SharedArrayBuffer', undefined);
    const ring = Ring.build({ nodes });
    const refusal = expect.objectContaining({ code: 'UNSUPPORTED', outcome: 'not-applied' });
    expect(() => ring.share()).toThrow(refusal);
    expect(() => RingRef.create(ring)).toThrow(refusal);
    expect(ring.get('key')).toBe(Ring.build({ nodes }).get('key'));
    expect(ring.draft().bytes).toBeGreaterThan(0);
  });
});
