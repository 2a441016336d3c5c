import { describe, expect, test } from 'vitest';
import { BytePieces } from '../../src/queue/byte-pieces.ts';
import { type MessageId, QueuePartition } from '../../src/index.ts';

const pieceBytes = 4096;

describe('copies that share memory', () => {
  test('have the bytes of what they were made of, and nobody else’s', () => {
    const sizes = [0, 1, 50, 100, 1000, 1023, 1024, 5000];
    const originals = Array.from({ length: 400 }, (_, index) =>
      new Uint8Array(sizes[index % sizes.length] as number).fill(index),
    );
    const written = originals.map(original => original.slice());
    // Also where there was more than was said.
    for (const expectedBytes of [undefined, 0, 5000, 1e6]) {
      const pieces = new BytePieces(expectedBytes);
      const mine = written.map(original => original.slice());
      const copies = mine.map(original => pieces.copyOf(original));
      for (const original of mine) original.fill(255);
      expect(copies).toEqual(written);
    }
  });

  test('keep little alive each: a piece of 4 KiB, and a large one nothing but itself', () => {
    const pieces = new BytePieces();
    const small = Array.from({ length: 100 }, () => pieces.copyOf(new Uint8Array(100)));
    const shared = new Set(small.map(({ buffer }) => buffer));
    expect(shared.size).toBe(3);
    for (const { byteLength } of shared) expect(byteLength).toBe(pieceBytes);
    expect(pieces.copyOf(new Uint8Array(1024)).buffer.byteLength).toBe(1024);
  });

  test('of nothing share nothing: one that goes to another thread takes no other along', () => {
    const [mine, other] = [new BytePieces(), new BytePieces(0)].map(pieces =>
      pieces.copyOf(new Uint8Array()),
    );
    structuredClone(mine, { transfer: [mine!.buffer as ArrayBuffer] });
    expect(new Uint8Array(other!.buffer)).toHaveLength(0);
    expect(new BytePieces().copyOf(new Uint8Array())).toHaveLength(0);
  });

  test('take no more than is expected in all', () => {
    const pieces = new BytePieces(2 * pieceBytes + 2000);
    const copies = [
      pieces.copyOf(new Uint8Array(2000)),
      ...Array.from({ length: 81 }, () => pieces.copyOf(new Uint8Array(100))),
    ];
    const shared = new Set(copies.map(({ buffer }) => buffer));
    expect([...shared].map(({ byteLength }) => byteLength)).toEqual([2000, pieceBytes, pieceBytes, 192]);
    expect(new BytePieces(100).copyOf(new Uint8Array(100)).buffer.byteLength).toBe(100);
  });
});

test('a message that moves leaves the memory of those that it came with', () => {
  const partition = new QueuePartition();
  const pieces = new BytePieces();
  for (const [index, size] of [100, 100, 2000].entries()) {
    const body = pieces.copyOf(new Uint8Array(size).fill(index));
    partition.put({ queue: 'p/a', message: { id: `${index}` as MessageId, body } }, 0);
  }
  const bodies = (): Uint8Array[] =>
    [...partition.image.queues].flatMap(([, messages]) => [...messages].map(({ body }) => body));
  const before = bodies();
  const query = { messagesMax: 3, leaseMs: 1000, lanes: undefined, owner: 'me', startedMax: 3 };
  for (const lease of partition.lease('p/a', query, 0))
    partition.settle({ lease, action: { type: 'move', queue: 'p/dead' } }, 0);
  const after = bodies();
  expect(after).toEqual(before);
  expect(after[0]?.buffer).not.toBe(before[0]?.buffer);
  expect(after[1]?.buffer).toBe(after[0]?.buffer);
  // What is large has memory of its own.
  expect(after[2]?.buffer).toBe(before[2]?.buffer);
});
