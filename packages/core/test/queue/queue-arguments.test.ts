import { expect, test } from 'vitest';
import { checkMessageState, checkPuts } from '../../src/queue/queue-arguments.ts';
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

test.each([
  [{ delayMs: '5' }, 'Delay in ms must be from 0 to 2147483647: received 5'],
  [{ rememberMs: [1], id: 'a' }, 'Time to remember an id, in ms, must be from 0'],
  [{ readyAtMs: '1790000000000' }, 'Time a message is ready must be from 0'],
])('a time that is no number is none, whatever it compares like: %j', (wrong, message) => {
  const put = { ...good, message: { ...good.message, ...wrong } } as unknown as QueuePut;
  expect(() => checkPuts([put], 10)).toThrow(message);
});

test('a state that messages do not have is none', () => {
  for (const state of ['ready', 'delayed', 'leased', 'held', undefined] as const) checkMessageState(state);
  expect(() => checkMessageState('foo' as never)).toThrow(
    'State of messages must be one of ready, delayed, leased, held: received "foo"',
  );
});
