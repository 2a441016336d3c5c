import { describe, expect, test } from 'vitest';
import { NameReader, NameWriter } from '../src/queue/name-codec.ts';
import { readPut, writePut } from '../src/queue/message-codec.ts';
import { SharedMemory } from '../src/queue/shared-memory.ts';

const pieceBytes = 4096;

describe('copies that share memory', () => {
  test('have the bytes of what they were made of, and nobody else’s', () => {
    const memory = new SharedMemory();
    const sizes = [0, 1, 50, 100, 1000, 1023, 1024, 5000];
    const originals = Array.from({ length: 400 }, (_, index) =>
      new Uint8Array(sizes[index % sizes.length] as number).fill(index),
    );
    const copies = originals.map(original => memory.copyOf(original));
    const written = originals.map(original => original.slice());
    for (const original of originals) original.fill(255);
    expect(copies).toEqual(written);
  });

  test('keep little alive each: a piece of 4 KiB, and a large one nothing but itself', () => {
    const memory = new SharedMemory();
    const small = Array.from({ length: 100 }, () => memory.copyOf(new Uint8Array(100)));
    const pieces = new Set(small.map(({ buffer }) => buffer));
    expect(pieces.size).toBe(3);
    for (const { byteLength } of pieces) expect(byteLength).toBe(pieceBytes);
    expect(memory.copyOf(new Uint8Array(1024)).buffer.byteLength).toBe(1024);
  });

  test('of messages that are delayed are apart from those of messages that go at once', () => {
    const memoryOf = (delayMs?: number): ArrayBufferLike => {
      const message = { body: new Uint8Array(100), ...(delayMs === undefined ? {} : { delayMs }) };
      const writer = new NameWriter();
      writePut(writer, { queue: 'p/q', message });
      return readPut(new NameReader(writer.done())).message.body.buffer;
    };
    const [atOnce, delayed] = [memoryOf(), memoryOf(1000)];
    expect(delayed).not.toBe(atOnce);
    expect(atOnce.byteLength).toBe(pieceBytes);
    expect(delayed.byteLength).toBe(pieceBytes);
  });
});
