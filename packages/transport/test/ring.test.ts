import { nodeId, seededRandom } from '@quorate/core';
import { createSharedNetwork } from '@quorate/transport/shared';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { SharedMap } from '../src/shared/layout.ts';
import { RingReader } from '../src/shared/ring-reader.ts';
import { RingWriter } from '../src/shared/ring-writer.ts';

const messageMaxBytes = 256;

function openRing(): {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  readonly tail: Int32Array;
  readonly writer: RingWriter;
  readonly reader: RingReader;
} {
  const network = createSharedNetwork({
    peers: [nodeId('a'), nodeId('b')],
    ringBytes: 1024,
    messageMaxBytes,
  });
  const map = new SharedMap(network);
  const [ring, direction] = [map.ring(0, 1), map.direction(0, 1)];
  const [writer, reader] = [
    new RingWriter(ring, direction),
    new RingReader(ring, direction, messageMaxBytes),
  ];
  // Positions are counted modulo 2^32 and signed: begin shortly before they wrap.
  Atomics.store(direction.tail, 0, 0x7fff_fc00);
  Atomics.store(direction.head, 0, 0x7fff_fc00);
  writer.resume();
  reader.skipAll();
  return { ...ring, tail: direction.tail, writer, reader };
}

function messageOf(length: number, seed: number): Uint8Array {
  return new Uint8Array(length).map((_byte, index) => (index * 7 + seed) & 0xff);
}

test('a ring gives back what was written, in order, whatever the lengths and however writing and reading alternate', () => {
  const step = fc.oneof(
    fc.record({ type: fc.constant('write' as const), length: fc.integer({ min: 0, max: messageMaxBytes }) }),
    fc.record({ type: fc.constant('open' as const), length: fc.constant(0) }),
    fc.record({ type: fc.constant('publish' as const), length: fc.constant(0) }),
    fc.record({ type: fc.constant('read' as const), length: fc.integer({ min: 1, max: 5 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), steps => {
      const { writer, reader } = openRing();
      const expected: { readonly group: number; readonly bytes: Uint8Array | undefined }[] = [];
      let [written, read, published] = [0, 0, 0];
      for (const { type, length } of steps) {
        if (type === 'publish') {
          writer.publish();
          published = written;
        } else if (type === 'open') {
          if (!writer.open(written)) continue;
          expected.push({ group: written++, bytes: undefined });
        } else if (type === 'write') {
          const bytes = messageOf(length, written);
          if (!writer.write(bytes, 0xffff_ff00 + (written & 0xff))) {
            expect(writer.usedBytes).toBeGreaterThan(0); // An empty ring takes every message.
            continue;
          }
          expected.push({ group: 0xffff_ff00 + (written & 0xff), bytes });
          written++;
        } else {
          reader.look();
          for (let count = 0; count < length; count++) {
            const record = reader.next();
            if (record === 'none') break;
            const want = expected[read++];
            expect(record).toBe(want?.bytes === undefined ? 'open' : 'message');
            expect(reader.group).toBe(want?.group);
            if (record === 'message') expect([...reader.message]).toEqual([...(want?.bytes ?? [])]);
          }
          reader.free();
        }
      }
      writer.publish();
      published = written;
      for (let more = true; more; ) {
        reader.look();
        more = reader.next() !== 'none';
        if (more) read++;
      }
      expect(read).toBe(published);
    }),
    { numRuns: 300 },
  );
});

test('a sender that finds no room is woken when half of the ring is free, and not before', () => {
  const { writer, reader } = openRing();
  const message = new Uint8Array(120);
  let count = 0;
  while (writer.write(message, 0)) count++;
  expect(count).toBe(8);
  writer.publish();
  for (let left = count - 1; left >= 0; left--) {
    reader.look();
    expect(reader.next()).toBe('message');
    expect(reader.free()).toBe(left <= count / 2);
    expect(writer.hasRoom).toBe(left <= count / 2);
  }
  expect(writer.write(message, 0)).toBe(true);
});

test('a sender whose message does not fit into the free half is not told of room before it does', () => {
  const network = createSharedNetwork({
    peers: [nodeId('a'), nodeId('b')],
    ringBytes: 1024,
    messageMaxBytes: 504,
  });
  const map = new SharedMap(network);
  const [ring, direction] = [map.ring(0, 1), map.direction(0, 1)];
  const [writer, reader] = [new RingWriter(ring, direction), new RingReader(ring, direction, 504)];
  const read = (): void => {
    reader.look();
    while (reader.next() === 'message');
  };
  writer.write(new Uint8Array(192), 0);
  writer.publish();
  read();
  reader.free();
  writer.write(new Uint8Array(500), 0);
  writer.publish();
  // 316 bytes to the ring's end are too few for it, and so are they with the 200 at its start.
  expect(writer.write(new Uint8Array(504), 0)).toBe(false);
  expect(writer.usedBytes).toBeLessThanOrEqual(512);
  expect(writer.hasRoom).toBe(false);
  read();
  expect(reader.free()).toBe(true);
  expect(writer.hasRoom).toBe(true);
  expect(writer.write(new Uint8Array(504), 0)).toBe(true);
});

test('room that is found just as it is asked for is still told to who was refused before', () => {
  const { writer, reader } = openRing();
  while (writer.write(new Uint8Array(120), 0));
  writer.publish();
  // Between the two looks of the next write the reader frees a little.
  const load = vi.spyOn(Atomics, 'load');
  let looks = 0;
  load.mockImplementation(((words: Int32Array, index: number) => {
    if (++looks === 2) {
      load.mockRestore();
      reader.look();
      reader.next();
      expect(reader.free()).toBe(false);
    }
    return words[index];
  }) as typeof Atomics.load);
  expect(writer.write(new Uint8Array(8), 0)).toBe(true);
  writer.publish();
  for (let record: string = 'message'; record === 'message'; record = reader.next()) reader.look();
  expect(reader.free()).toBe(true);
});

test('whatever is in the memory, reading ends, stays within bounds and breaks nothing', () => {
  const random = seededRandom('ring mutations');
  let broken = 0;
  const runs = process.env['QUORATE_LONG'] === undefined ? 20_000 : 500_000;
  for (let run = 0; run < runs; run++) {
    const { words, tail, writer, reader } = openRing();
    for (let count = random.below(6); count >= 0; count--)
      writer.write(messageOf(random.below(257), run), run);
    writer.publish();
    for (let mutation = random.below(3); mutation >= 0; mutation--) {
      const at = random.below(words.length);
      words[at] = random.below(2) === 0 ? random.uint32() : random.below(400) - 40;
    }
    if (random.below(4) === 0)
      Atomics.add(tail, 0, random.below(2) === 0 ? random.uint32() : random.below(2048));
    reader.look();
    for (let records = 0; ; records++) {
      const record = reader.next();
      if (record === 'none') break;
      if (record === 'broken') {
        broken++;
        break;
      }
      if (reader.message.length > messageMaxBytes || records > 1024) expect.fail(`run ${run}`);
    }
  }
  expect(broken).toBeGreaterThan(runs / 10);
});
