import {
  errorCode,
  type FencingToken,
  type LeaseOptions,
  type MessageId,
  type QueueStore,
  type Settlement,
} from '@quorate/core';
import { equal, ok } from '../expect.ts';
import { bytes } from '../store-stage.ts';
import type { QueueCase } from './queue-case.ts';
import { messageOf, type QueueStage } from './queue-stage.ts';

/** Wrong arguments, deadlines and the end. */
export const refusalCases: readonly QueueCase[] = [
  {
    name: 'capabilities are what the seam knows, and the same for every client',
    async run(stage) {
      const { durability, bodyMaxBytes, leaseGranularityMs } = stage.capabilities;
      ok(['memory', 'os', 'fsync', 'quorum'].includes(durability), 'durability');
      ok(Number.isSafeInteger(bodyMaxBytes) && bodyMaxBytes >= 1024, 'the largest body');
      ok(leaseGranularityMs >= 1, 'the steps of lease times');
      equal((await stage.open()).capabilities, stage.capabilities, 'of another client');
    },
  },
  {
    name: 'the engine’s clock goes on, and is near that of its users',
    async run(stage) {
      const first = await stage.store.now();
      await stage.sleep(20);
      const second = await (await stage.open()).now();
      ok(second >= first + 10, `it went on: from ${first} to ${second}`);
    },
  },
  {
    name: 'wrong arguments are refused at the call, with the value',
    async run(stage) {
      const q = stage.queue();
      for (const [what, value, call] of [...wrongCalls(q), ...illFormedTexts(q)]) {
        const thrown = await stage.thrown(what, () => call(stage.store));
        ok(
          thrown instanceof RangeError || thrown instanceof TypeError,
          `${what} is refused as a bad argument`,
        );
        ok(thrown.message.includes(value), `${what}: the error names "${value}": ${thrown.message}`);
      }
    },
  },
  {
    name: 'of nothing nothing becomes',
    async run(stage) {
      const { store } = stage;
      equal(await store.put([]), [], 'put');
      equal(await store.settle([]), [], 'settle');
      equal(await store.extend([], 1000), [], 'extend');
      equal(await store.inspect.remove(stage.queue(), []), [], 'remove');
      equal(await store.inspect.purge(stage.queue()), 0, 'purge');
    },
  },
  {
    name: 'a call that was given up before it began does nothing',
    async run(stage) {
      const q = stage.queue();
      const controller = new AbortController();
      controller.abort();
      const put = { queue: q, message: messageOf('a') };
      for (const [options, code] of [
        [{ signal: controller.signal }, 'ABORTED'],
        [{ deadlineMs: 0 }, 'DEADLINE_EXCEEDED'],
      ] as const) {
        const thrown = await stage.thrown(code, () => stage.store.put([put], options));
        equal(errorCode(thrown), code, 'the code');
        equal((thrown as { outcome?: unknown }).outcome, 'not-applied', 'the outcome');
      }
      equal(await stage.lease(q), [], 'what is there');
    },
  },
  {
    name: 'a client that was closed refuses everything, and others go on',
    async run(stage) {
      const q = stage.queue();
      const other = await stage.open();
      await stage.put(q, 'a');
      const waiting = stage.thrown('a lease that waits', () =>
        stage.lease(`${q}-empty`, { waitMs: Number.POSITIVE_INFINITY }, other),
      );
      // So that it waits by now.
      await stage.lease(q, { messagesMax: 1, leaseMs: 1 }, other);
      await stage.within('it is closed', other[Symbol.asyncDispose]());
      equal(errorCode(await waiting), 'CLOSED', 'the code of what waited');
      for (const call of calls(stage, q)) {
        equal(errorCode(await stage.thrown('a call', () => call(other))), 'CLOSED', 'the code');
      }
      await stage.within('it is closed again', other[Symbol.asyncDispose]());
      equal((await stage.one(q)).queue, q, 'another client');
    },
  },
];

function calls(stage: QueueStage, q: string): readonly ((store: QueueStore) => unknown)[] {
  const lease = { queue: q, id: 'x' as MessageId, token: 1n as FencingToken };
  return [
    store => store.now(),
    store => store.put([{ queue: q, message: messageOf('b') }]),
    store => stage.lease(q, {}, store),
    store => store.extend([lease], 1000),
    store => store.settle([{ lease, action: { type: 'acknowledge' } }]),
    store => store.state.get(q),
    store => store.state.write({ key: q, value: undefined }),
    store => store.state.scan(q),
    store => store.inspect.depth(q),
    store => store.inspect.purge(q),
    store => store.watch(q, () => {}),
    store => store.state.watch(q, () => {}),
  ];
}

/** What is wrong, a part of what the error must say, and the call. */
function wrongCalls(q: string): readonly (readonly [string, string, (store: QueueStore) => unknown])[] {
  const leased = { queue: q, id: 'x' as MessageId, token: 1n as FencingToken };
  const put =
    (message: object, queue = q) =>
    (store: QueueStore): unknown =>
      store.put([{ queue, message: { ...messageOf('a'), ...message } }]);
  const lease =
    (options: Partial<LeaseOptions>) =>
    (store: QueueStore): unknown =>
      store.lease(q, { messagesMax: 1, leaseMs: 1000, owner: 'o', ...options });
  return [
    ['a queue without a name', '""', put({}, '')],
    ['a queue without a partition', '"/a"', put({}, '/a')],
    ['a body that is a text', 'text', put({ body: 'text' })],
    ['a header that is a number', '7', put({ headers: { a: 7 } })],
    ['an id of the engine’s kind', '~1', put({ id: '~1' })],
    ['an empty id', 'empty', put({ id: '' })],
    ['a memory without an id', '5', put({ rememberMs: 5 })],
    ['a negative lane', '-1', put({ lane: -1 })],
    ['a lane too many', '16', put({ lane: 16 })],
    ['a key without a partition', '"/k"', put({ key: '/k' })],
    ['no active message of a key', '0', put({ key: 'k', keyActiveMax: 0 })],
    ['two times', '7', put({ delayMs: 5, readyAtMs: 7 })],
    ['a negative delay', '-5', put({ delayMs: -5 })],
    ['a time that is none', 'NaN', put({ readyAtMs: Number.NaN })],
    [
      'too many puts',
      '1001',
      store => store.put(Array.from({ length: 1001 }, () => ({ queue: q, message: messageOf('a') }))),
    ],
    ['no message', '0', lease({ messagesMax: 0 })],
    ['too many messages', '1001', lease({ messagesMax: 1001 })],
    ['a lease of no time', '0', lease({ leaseMs: 0 })],
    ['a lease without end', 'Infinity', lease({ leaseMs: Number.POSITIVE_INFINITY })],
    ['half a start', '0.5', lease({ startedMax: 0.5 })],
    ['an owner without a name', '0', lease({ owner: '' })],
    ['a negative wait', '-1', lease({ waitMs: -1 })],
    ['an unknown lane', '99', lease({ lanes: [99] })],
    ['a token that is a number', '1', store => store.extend([{ ...leased, token: 1 as never }], 1000)],
    [
      'an action that is none',
      'explode',
      store => store.settle([{ lease: leased, action: { type: 'explode' as never } }]),
    ],
    [
      'a negative delay of a release',
      '-1',
      store => store.settle([{ lease: leased, action: { type: 'release', delayMs: -1 } }]),
    ],
    [
      'a record written twice',
      'twice',
      store =>
        store.settle([
          {
            lease: leased,
            action: { type: 'acknowledge' },
            state: [0, 1].map(() => ({ key: q, value: bytes('a') })),
          },
        ]),
    ],
    ['a record that is a text', 'text', store => store.state.write({ key: q, value: 'text' as never })],
    ['a version that is none', '-1', store => store.state.write({ key: q, value: undefined, version: -1 })],
    ['a page of nothing', '0', store => store.state.scan(q, { limit: 0 })],
    ['a negative deadline', '-1', store => store.now({ deadlineMs: -1 })],
  ];
}

/** Texts that not every engine can keep: two ids that differ in what has no UTF-8 would be one. */
function illFormedTexts(q: string): readonly (readonly [string, string, (store: QueueStore) => unknown])[] {
  const leased = { queue: q, id: 'x' as MessageId, token: 1n as FencingToken };
  const put =
    (message: object) =>
    (store: QueueStore): unknown =>
      store.put([{ queue: q, message: { ...messageOf('a'), ...message } }]);
  const settle =
    (action: Settlement['action']) =>
    (store: QueueStore): unknown =>
      store.settle([{ lease: leased, action }]);
  const headers = { a: '\ud800' };
  return [
    ['an id that has no UTF-8', 'd800', put({ id: 'a\ud800' })],
    ['an id with a NUL', '0000', put({ id: 'a\0' })],
    ['a header that has no UTF-8', 'dfff', put({ headers: { a: '\udfffa' } })],
    ['a header with a NUL', '0000', put({ headers: { a: '\0' } })],
    ['a name of a header that has no UTF-8', 'd800', put({ headers: { '\ud800\ud800\udc00': 'a' } })],
    ['a header of a release that has no UTF-8', 'd800', settle({ type: 'release', delayMs: 0, headers })],
    ['a header of a move that has no UTF-8', 'd800', settle({ type: 'move', queue: q, headers })],
    [
      'an owner that has no UTF-8',
      'dbff',
      store => store.lease(q, { messagesMax: 1, leaseMs: 1000, owner: '\udbff' }),
    ],
  ];
}
