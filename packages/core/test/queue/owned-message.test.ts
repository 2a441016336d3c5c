import { expect, test } from 'vitest';
import { ownedPut, ownedPuts } from '../../src/queue/owned-message.ts';
import type { QueuePut } from '../../src/queue/queue-store.ts';

const headers = { a: '1' };

function putOf(bytes: number, fill: number): QueuePut {
  return { queue: 'p/q', message: { body: new Uint8Array(bytes).fill(fill), headers, lane: 1 } };
}

test('what is kept of a call is its own, each body whole, whatever their sizes', () => {
  const sizes = [
    0,
    1,
    64,
    65,
    100,
    1000,
    1024,
    1025,
    5000,
    ...Array.from({ length: 100 }, (_, at) => 60 + at),
  ];
  const puts = sizes.map((size, at) => putOf(size, at + 1));
  const owned = ownedPuts(puts);
  for (const { message } of puts) message.body.fill(255);
  expect(owned).toEqual(sizes.map((size, at) => putOf(size, at + 1)));
});

test('a body that is kept takes no more along than 4 KiB of others', () => {
  for (const { message } of ownedPuts(Array.from({ length: 500 }, () => putOf(100, 1))))
    expect(message.body.buffer.byteLength).toBeLessThanOrEqual(4096);
});

test('a body that is kept for later shares no memory with those that go at once', () => {
  const later = { queue: 'p/q', message: { body: new Uint8Array(100), delayMs: 1 } };
  const [now, then] = ownedPuts([putOf(100, 1), later]);
  expect(then?.message.body.buffer).not.toBe(now?.message.body.buffer);
  expect(ownedPut(later).message.body.buffer).not.toBe(now?.message.body.buffer);
});

test('a body of one queue shares no memory with those of another, which may go long before', () => {
  const [one, same] = ownedPuts([putOf(100, 1), putOf(100, 2)]);
  const other = ownedPut({ queue: 'p/slow', message: { body: new Uint8Array(100) } });
  expect(same?.message.body.buffer).toBe(one?.message.body.buffer);
  expect(other.message.body.buffer).not.toBe(one?.message.body.buffer);
});

test('headers that many have in common are copied once, and others each', () => {
  const mine = { b: '2' };
  const puts = [
    putOf(1, 1),
    putOf(1, 1),
    { queue: 'p/q', message: { body: new Uint8Array(1), headers: mine } },
  ];
  const none: QueuePut = { queue: 'p/q', message: { body: new Uint8Array(1) } };
  const [first, second, third, fourth, fifth] = ownedPuts([...puts, none, putOf(1, 1)]);
  mine.b = '3';
  expect(first?.message.headers).not.toBe(headers);
  expect(second?.message.headers).toBe(first?.message.headers);
  expect([third, fourth, fifth].map(put => put?.message.headers)).toEqual([{ b: '2' }, {}, headers]);
});
