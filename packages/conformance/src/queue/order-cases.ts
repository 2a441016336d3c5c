import { errorCode, type LeasedMessage } from '@quorate/core';
import { equal, ok } from '../expect.ts';
import type { QueueCase } from './queue-case.ts';
import { done, messageOf, textOf } from './queue-stage.ts';

/** Lanes and keys: which of the messages that are ready come first, and which wait for others. */
export const orderCases: readonly QueueCase[] = [
  {
    name: 'lanes come in the order asked for, and others not at all',
    applies: ({ lease }) => lease.lanes,
    async run(stage) {
      const q = stage.queue();
      for (const lane of [15, 3, 0, 3, 1]) await stage.put(q, `lane ${lane}`, { lane });
      const [first] = await stage.lease(q, { messagesMax: 1 });
      equal([textOf(first!), first!.lane], ['lane 0', 0], 'by default the lowest');
      equal(
        (await stage.lease(q, { lanes: [3, 1] })).map(textOf),
        ['lane 3', 'lane 3', 'lane 1'],
        'two lanes',
      );
      equal(await stage.lease(q, { lanes: [0, 1, 2] }), [], 'lanes that are empty');
      equal((await stage.lease(q)).map(textOf), ['lane 15'], 'the rest');
      await stage.settled([first!], { type: 'release', delayMs: 0 });
      equal((await stage.one(q, { lanes: [0] })).lane, 0, 'what is released stays in its lane');
    },
  },
  {
    name: 'lanes are refused where an engine has none',
    applies: ({ lease }) => !lease.lanes,
    async run(stage) {
      const q = stage.queue();
      const put = await stage.thrown('a lane', () => stage.put(q, 'a', { lane: 1 }));
      equal(errorCode(put), 'UNSUPPORTED', 'the code of a put');
      const lease = await stage.thrown('lanes', () => stage.lease(q, { lanes: [1] }));
      equal(errorCode(lease), 'UNSUPPORTED', 'the code of a lease');
    },
  },
  {
    name: 'of a key one message is out at a time, in order',
    applies: ({ lease }) => lease.oneActivePerKey,
    async run(stage) {
      const q = stage.queue();
      for (const text of ['a1', 'a2', 'b1', 'a3', 'free']) {
        await stage.put(q, text, text === 'free' ? {} : { key: text.slice(0, 1) });
      }
      const [a1, b1, free] = await stage.lease(q);
      equal(
        [a1, b1, free].map(each => each && textOf(each)),
        ['a1', 'b1', 'free'],
        'what is out',
      );
      equal([a1!.key, b1!.key, free!.key], ['a', 'b', undefined], 'their keys');
      equal(await stage.lease(q), [], 'while those are out');
      await stage.settled([b1!, free!]);
      equal(await stage.lease(q), [], 'once others are gone');
      const next = stage.one(q);
      await stage.settled([a1!]);
      equal(textOf(await next), 'a2', 'once the first is gone');
      equal((await stage.store.inspect.depth(q)).heldCount, 1, 'how many are held');
    },
  },
  {
    name: 'the order of a key is held through releases, delays and leases that end',
    timed: true,
    applies: ({ lease }) => lease.oneActivePerKey && lease.readyAt,
    async run(stage) {
      const q = stage.queue();
      for (const text of ['1', '2', '3']) await stage.put(q, text, { key: 'k' });
      const first = await stage.one(q);
      equal(await stage.settle(first, { type: 'release', delayMs: stage.leaseMs }), done, 'release');
      equal(await stage.lease(q), [], 'while the first is delayed');
      equal(textOf(await stage.one(q, { leaseMs: stage.leaseMs })), '1', 'then');
      const again = await stage.one(q);
      equal([textOf(again), again.deliveryCount], ['1', 3], 'after its lease has ended');
      await stage.settled([again]);
      equal(await stage.drained(q), ['2', '3'], 'the rest');
    },
  },
  {
    name: 'a key lets its next out when a message moves or is removed',
    applies: ({ lease }) => lease.oneActivePerKey,
    async run(stage) {
      const q = stage.queue();
      for (const text of ['1', '2', '3', '4', '5']) await stage.put(q, text, { key: 'k', id: `id-${text}` });
      const first = await stage.one(q);
      equal(await stage.settle(first, { type: 'move', queue: `${q}/dead` }), done, 'move');
      const second = await stage.one(q);
      equal(textOf(second), '2', 'the second');
      const remove = (text: string): Promise<unknown> =>
        stage.within('it is removed', stage.store.inspect.remove(q, [`id-${text}` as LeasedMessage['id']]));
      equal(await remove('3'), [{ outcome: 'applied', removed: true }], 'removal of one that is held');
      equal(await stage.lease(q), [], 'while the second is out');
      equal(await remove('2'), [{ outcome: 'applied', removed: true }], 'removal of the one that is out');
      equal(textOf(await stage.one(q)), '4', 'the next');
      equal((await stage.one(`${q}/dead`)).key, 'k', 'the key of what moved');
    },
  },
  {
    name: 'as many messages of a key are out as they allow',
    applies: ({ lease }) => lease.oneActivePerKey,
    async run(stage) {
      const q = stage.queue();
      for (let index = 0; index < 7; index++) await stage.put(q, `${index}`, { key: 'k', keyActiveMax: 3 });
      const out = await stage.lease(q);
      equal(out.map(textOf), ['0', '1', '2'], 'three at a time');
      await stage.settled([out[1]!]);
      equal((await stage.lease(q)).map(textOf), ['3'], 'once one is gone');
      await stage.settled([out[0]!, out[2]!]);
      equal((await stage.lease(q)).map(textOf), ['4', '5'], 'once two are');
    },
  },
  {
    name: 'keys of different queues, and a key of many lanes, are kept apart and together',
    applies: ({ lease }) => lease.oneActivePerKey && lease.lanes,
    async run(stage) {
      const p = stage.partition();
      for (const name of ['a', 'b']) await stage.put(`${p}/${name}`, name, { key: 'k' });
      equal(textOf(await stage.one(`${p}/a`)), 'a', 'one queue');
      equal(textOf(await stage.one(`${p}/b`)), 'b', 'the other');
      await stage.put(`${p}/c`, 'first', { key: 'k', lane: 1 });
      await stage.put(`${p}/c`, 'second', { key: 'k', lane: 0 });
      const first = await stage.lease(`${p}/c`);
      equal(first.map(textOf), ['first'], 'the earlier one comes first whatever its lane');
      await stage.settled(first);
      equal(await stage.drained(`${p}/c`), ['second'], 'then the other');
    },
  },
  {
    name: 'a key is refused where an engine cannot keep it',
    applies: ({ lease }) => !lease.oneActivePerKey,
    async run(stage) {
      const q = stage.queue();
      const thrown = await stage.thrown('a key', () => stage.put(q, 'a', { key: 'k' }));
      equal(errorCode(thrown), 'UNSUPPORTED', 'the code');
    },
  },
  {
    name: 'consumers at the same time lease nothing twice and keep each key’s order',
    async run(stage) {
      const q = stage.queue();
      const keyed = stage.capabilities.lease.oneActivePerKey;
      const count = 120;
      await stage.puts(
        Array.from({ length: count }, (_, index) => ({
          queue: q,
          message: messageOf(`${index}`, keyed && index % 2 === 0 ? { key: `k${index % 5}` } : {}),
        })),
      );
      const seen: LeasedMessage[] = [];
      const consume = async (): Promise<void> => {
        const store = await stage.open();
        while (seen.length < count) {
          const messages = await stage.lease(q, { messagesMax: 7 }, store);
          seen.push(...messages);
          for (const message of messages)
            equal(await stage.settle(message, undefined, {}, store), done, 'settle');
        }
      };
      await stage.within('all are consumed', Promise.all([consume(), consume(), consume()]));
      equal(new Set(seen.map(textOf)).size, count, 'how many different ones came');
      equal(seen.length, count, 'how many came');
      checkKeyOrder(seen);
    },
  },
];

function checkKeyOrder(seen: readonly LeasedMessage[]): void {
  const lastOf = new Map<string, number>();
  // In the order in which they were leased, whoever saw them first.
  for (const message of [...seen].sort((one, other) => (one.token < other.token ? -1 : 1))) {
    if (message.key === undefined) continue;
    const number = Number(textOf(message));
    ok(number > (lastOf.get(message.key) ?? -1), `of key ${message.key} ${number} comes in its order`);
    lastOf.set(message.key, number);
  }
}
