import { expect, test } from 'vitest';
import { checkPuts } from '../../src/queue/queue-arguments.ts';
import type { QueuePut } from '../../src/queue/queue-store.ts';

const body = new Uint8Array(6);
const headers = { a: '123' };
const good: QueuePut = { queue: 'p/q', message: { body, headers } };

test('what a message has in common with the one before it is good for that one alone', () => {
  expect(() => checkPuts([good, good, good], 10)).not.toThrow();
  const larger = { queue: 'p/q', message: { body: new Uint8Array(7), headers } };
  expect(() => checkPuts([good, larger], 10)).toThrow('at most 10 bytes: received 11');
  const longer = { queue: 'p/q', message: { body, headers: { a: '1234' } } };
  expect(() => checkPuts([good, good, longer], 10)).toThrow('at most 10 bytes: received 11');
  const bare = { queue: 'p/q', message: { body: new Uint8Array(10) } };
  expect(() => checkPuts([good, bare, good], 10)).not.toThrow();
  expect(() => checkPuts([good, { ...good, queue: '/q' }], 10)).toThrow('must begin with its partition');
  const illFormed = { queue: 'p/q', message: { body, headers: { a: '\0' } } };
  expect(() => checkPuts([good, illFormed], 10)).toThrow('well-formed');
});
