import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, test, vi } from 'vitest';
import { Ring, RingRef } from '../src/index.ts';
import { VERSIONS, versionedRing } from './versioned-ring.ts';

interface Report {
  readonly reads: number;
  readonly seen: number;
  readonly last: string;
  readonly wrong: readonly string[];
}

test('threads that look up during five hundred swaps see whole rings only', async () => {
  const rings = Array.from({ length: VERSIONS }, (_, version) => versionedRing(version));
  const ref = RingRef.create(rings[0] as Ring, { maxBytes: 1_000_000 });
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const workers = [0, 1, 2].map(
    () =>
      new Worker(new URL('ring-ref-worker.ts', import.meta.url), {
        workerData: { handle: ref.handle, stop },
      }),
  );
  try {
    await Promise.all(workers.map(worker => once(worker, 'message')));
    for (let swap = 1; swap <= 500; swap++) ref.swap(rings[swap % VERSIONS] as Ring);
    ref.swap(rings[5] as Ring);
    const reports = workers.map(worker => once(worker, 'message') as Promise<[Report]>);
    Atomics.store(stop, 0, 1);
    for (const [report] of await Promise.all(reports)) {
      expect(report.wrong).toEqual([]);
      expect(report.last).toBe('v5/0');
      expect(report.reads).toBeGreaterThan(0);
    }
    const seen = (await Promise.all(reports)).map(([report]) => report.seen);
    expect(Math.max(...seen)).toBeGreaterThan(2);
  } finally {
    await Promise.all(workers.map(worker => worker.terminate()));
  }
});

describe('one thread', () => {
  test('current is one object until the next swap; what was handed out stays', () => {
    const ring = Ring.build({ nodes: [{ id: 'a', value: 1 }] });
    const ref = RingRef.create(ring);
    const reader = RingRef.attach(structuredClone(ref.handle));
    expect(ref.current).toBe(ring);
    const first = reader.current;
    expect(reader.current).toBe(first);
    expect([first.get('x'), first.node('x').value, reader.epoch]).toEqual(['a', undefined, 0]);
    const next = Ring.build({ nodes: ['b'] });
    for (let i = 0; i < 4; i++) ref.swap(next);
    expect([ref.current, reader.epoch]).toEqual([next, 4]);
    expect([reader.current.get('x'), first.get('x')]).toEqual(['b', 'a']);
  });

  test('a ring that does not fit is refused and changes nothing', () => {
    const small = Ring.build({ nodes: ['a'], vnodes: 1 });
    const ref = RingRef.create(small, { maxBytes: 1024 });
    const reader = RingRef.attach(ref.handle);
    expect(() => ref.swap(Ring.build({ nodes: ['a', 'b'] }))).toThrow(
      /^Ring must have at most 1024 bytes in this slot: received one of \d+$/,
    );
    expect([ref.current, reader.current.nodeCount, reader.epoch]).toEqual([small, 1, 0]);
    expect(() => RingRef.create(small, { maxBytes: 64 })).toThrow(RangeError);
    for (const maxBytes of [0, -1, 1.5, Number.NaN, 2 ** 31]) {
      expect(() => RingRef.create(small, { maxBytes })).toThrow(`received ${maxBytes}`);
    }
  });

  test('only the thread that made the slot swaps', () => {
    const ring = Ring.build({ nodes: ['a'] });
    const reader = RingRef.attach(RingRef.create(ring).handle);
    expect(() => reader.swap(ring)).toThrow(
      new TypeError('Ring may be swapped only in the thread that created the slot'),
    );
    expect(() => RingRef.attach({ buffer: new SharedArrayBuffer(8) })).toThrow(
      'Memory of 8 bytes is not a slot for rings',
    );
    expect(() => RingRef.attach({ buffer: new SharedArrayBuffer(640) })).toThrow(TypeError);
  });

  test('a reader that is overtaken in the middle of its copy copies again', () => {
    // More description than tables, of names that differ in length: halves of two do not fit together.
    const rings = ['a'.repeat(90), 'b'.repeat(91), 'c'.repeat(93)].map(name => {
      return Ring.build({ nodes: Array.from({ length: 50 }, (_, i) => `${name}${i}`), vnodes: 1 });
    });
    const ref = RingRef.create(rings[0] as Ring);
    const reader = RingRef.attach(ref.handle);
    const spy = vi.spyOn(Uint8Array.prototype, 'slice');
    spy.mockImplementationOnce(function overtaken(this: Uint8Array<ArrayBuffer>, start = 0, end = 0) {
      const copy = this.slice(start, end);
      const half = copy.length >> 1;
      for (const ring of rings.slice(1)) ref.swap(ring);
      copy.set(this.slice(start + half, end), half);
      return copy;
    });
    try {
      const { nodes } = reader.current;
      expect(nodes).toEqual(rings[2]?.nodes);
    } finally {
      spy.mockRestore();
    }
  });

  test('a reader never takes what a dead writer left half-written, and says so when it has nothing else', () => {
    const ref = RingRef.create(Ring.build({ nodes: ['a'] }));
    const reader = RingRef.attach(ref.handle);
    const words = new Int32Array(ref.handle.buffer);
    const place = words[3] as number;
    // The next epoch was begun and all but its checksum written; it was never published.
    words[2] = 1;
    const places = new Uint8Array(ref.handle.buffer, 64);
    places.copyWithin(place, 0, place);
    const id = Buffer.from(places.buffer, places.byteOffset).indexOf('"a"', place);
    places[id + 1] = 'b'.charCodeAt(0);
    expect(reader.current.get('x')).toBe('a');
    // Published by mistake: the checksum tells.
    words[1] = 1;
    expect(reader.current.get('x')).toBe('a');
    const late = RingRef.attach(ref.handle);
    expect(() => late.current).toThrow(
      expect.objectContaining({ code: 'RING_REF_BUSY', retryable: true }) as Error,
    );
  });
});
