import { createMemoryQueueStore } from '@quorate/engine-memory';
import { expect, test } from 'vitest';
import { type Codec, createQueues } from '../src/index.ts';
import { bytesCodec, jsonCodec } from '../src/messages/codec.ts';

test('bodies of any size stay what they were, whatever is written after them', () => {
  const texts = ['x', '\u00e9', '\u20ac', '\u{1f600}'].flatMap(letter =>
    [0, 1, 100, 338, 339, 340, 341, 400, 1000, 5000].map(count => letter.repeat(count)),
  );
  const bodies = [...texts, ...texts, undefined, null, 7, { a: [1, 'b'] }, ...texts];
  const written = bodies.map(body => jsonCodec.encode(body));
  const expected = bodies.map(body => new TextEncoder().encode(JSON.stringify(body)));
  expect(written.map(bytes => [...bytes])).toEqual(expected.map(bytes => [...bytes]));
  expect(written.map(bytes => jsonCodec.decode(bytes))).toEqual(bodies);
});

test('what JSON has no word for is refused', () => {
  const circle: { own?: unknown } = {};
  circle.own = circle;
  for (const body of [1n, circle, () => 0, Symbol('s')])
    expect(() => jsonCodec.encode(body)).toThrow(/^Body of a message must be what JSON can say/);
});

test('what cannot both write and read bodies is refused', async () => {
  await using store = createMemoryQueueStore();
  const all: readonly unknown[] = [{}, null, 'json', { encode: () => new Uint8Array() }];
  for (const wrong of all) {
    const codec = wrong as Codec;
    const message = `Codec must have methods "encode" and "decode": received ${typeof wrong}`;
    expect(() => createQueues({ store, codec })).toThrow(new TypeError(message));
    expect(() => createQueues({ store }).consume('q', () => {}, { codec })).toThrow(new TypeError(message));
  }
});

test('bytes that a handler hands to another thread take no others along', async () => {
  await using store = createMemoryQueueStore();
  await using queues = createQueues({ store, codec: bytesCodec });
  await queues.producer<Uint8Array>('q').sendMany([1, 2, 3].map(byte => Uint8Array.of(byte)));
  const consumer = queues.consumer<Uint8Array>('q');
  const bodies: number[][] = [];
  for await (const { body } of consumer) {
    bodies.push([...structuredClone(body, { transfer: [body.buffer as ArrayBuffer] })]);
    if (bodies.length === 3) break;
  }
  expect(bodies).toEqual([[1], [2], [3]]);
});
