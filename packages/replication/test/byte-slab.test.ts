import { expect, test } from 'vitest';
import { ByteSlab } from '../src/wire/byte-slab.ts';

test('pieces are zero, share no byte, and are of one buffer until it is full', () => {
  const slab = new ByteSlab(64);
  const pieces = Array.from({ length: 9 }, (_, at) => slab.take(16).fill(at + 1));
  for (const [at, piece] of pieces.entries()) expect([...piece]).toEqual(Array(16).fill(at + 1));
  expect(new Set(pieces.map(({ buffer }) => buffer)).size).toBe(3);
  expect([...slab.take(5)]).toEqual([0, 0, 0, 0, 0]);
});

test('what is long has a buffer of its own, and leaves room in the shared one', () => {
  const slab = new ByteSlab(64);
  const before = slab.take(1);
  const long = slab.take(17);
  expect(long.buffer.byteLength).toBe(17);
  expect(slab.take(1).buffer).toBe(before.buffer);
});

test('a copy is of the rest alone, and keeps it', () => {
  const slab = new ByteSlab(64);
  const source = Uint8Array.of(1, 2, 3);
  const copies = [0, 1, 3].map(from => slab.copy(source, from));
  source.fill(9);
  expect(copies.map(copy => [...copy])).toEqual([[1, 2, 3], [2, 3], []]);
});
