import { createMemoryQueueStore } from '@quorate/engine-memory';
import { expect, test } from 'vitest';
import { type Codec, createQueues } from '../src/index.ts';
import { jsonCodec } from '../src/messages/codec.ts';

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
