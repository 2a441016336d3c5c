import type { MessageId, Page } from '@quorate/core';
import { equal, ok } from '../expect.ts';
import type { QueueCase } from './queue-case.ts';
import { lost, messageOf, type QueueStage, textOf } from './queue-stage.ts';

/** What an operator sees and does. */
export const inspectCases: readonly QueueCase[] = [
  {
    name: 'a queue’s depth counts its messages by what becomes of them next',
    applies: ({ lease }) => lease.readyAt && lease.oneActivePerKey,
    async run(stage) {
      const q = stage.queue();
      equal(
        await stage.store.inspect.depth(q),
        { readyCount: 0, delayedCount: 0, leasedCount: 0, heldCount: 0 },
        'of nothing',
      );
      await fill(stage, q);
      const depth = await stage.store.inspect.depth(q);
      const { oldestReadyAtMs, ...counts } = depth;
      equal(counts, { readyCount: 2, delayedCount: 1, leasedCount: 1, heldCount: 2 }, 'counts');
      ok(oldestReadyAtMs !== undefined && oldestReadyAtMs <= (await stage.store.now()), 'the oldest');
    },
  },
  {
    name: 'messages are shown with what becomes of them next, page by page, without being leased',
    applies: ({ lease }) => lease.readyAt && lease.oneActivePerKey,
    async run(stage) {
      const q = stage.queue();
      await fill(stage, q);
      const { inspect } = await stage.open();
      const all = await inspect.messages(q);
      const shown = all.items.map(message => [textOf(message), message.state]);
      equal(
        shown,
        [
          ['k1', 'leased'],
          ['k2', 'held'],
          ['k3', 'held'],
          ['later', 'delayed'],
          ['a', 'ready'],
          ['b', 'ready'],
        ],
        'all, as they were put',
      );
      const paged: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await inspect.messages(q, { limit: 4, ...(cursor === undefined ? {} : { cursor }) });
        paged.push(...page.items.map(textOf));
        cursor = page.cursor;
      } while (cursor !== undefined);
      equal(paged, all.items.map(textOf), 'page by page');
      const held = await inspect.messages(q, { state: 'held' });
      equal(held.items.map(textOf), ['k2', 'k3'], 'those held');
      const [leased] = (await inspect.messages(q, { state: 'leased' })).items;
      equal([leased!.owner, leased!.deliveryCount], ['somebody', 1], 'who holds the leased one');
      equal((await inspect.messages(q)).items.length, 6, 'it changed nothing');
    },
  },
  {
    name: 'one message is shown by its id',
    async run(stage) {
      const q = stage.queue();
      const id = await stage.put(q, 'a', { headers: { h: '1' } });
      const { inspect } = stage.store;
      const message = await inspect.get(q, id);
      equal(
        [message && textOf(message), message?.headers, message?.state],
        ['a', { h: '1' }, 'ready'],
        'the message',
      );
      equal(await inspect.get(q, 'none' as MessageId), undefined, 'another');
      equal(await inspect.get(`${q}-more`, id), undefined, 'in another queue');
    },
  },
  {
    name: 'what is removed is gone, also from who holds it',
    async run(stage) {
      const q = stage.queue();
      for (const text of ['a', 'b', 'c']) await stage.put(q, text, { id: `id-${text}` });
      const a = await stage.one(q);
      const ids = ['id-a', 'none', 'id-c'] as MessageId[];
      const other = await stage.open();
      const results = await stage.within('they are removed', other.inspect.remove(q, ids));
      equal(
        results,
        [true, false, true].map(removed => ({ outcome: 'applied', removed })),
        'which were there',
      );
      equal(await stage.settle(a), lost, 'settled by its holder');
      equal(await stage.drained(q), ['b'], 'what is left');
    },
  },
  {
    name: 'a purged queue is empty, and goes on',
    async run(stage) {
      const q = stage.queue();
      for (const text of ['a', 'b', 'c']) await stage.put(q, text);
      await stage.put(`${q}-more`, 'beside');
      const a = await stage.one(q);
      equal(await stage.within('it is purged', stage.store.inspect.purge(q)), 3, 'how many there were');
      equal(await stage.settle(a), lost, 'settled by a holder');
      equal(await stage.lease(q), [], 'what is left');
      await stage.put(q, 'd');
      equal(await stage.drained(q), ['d'], 'what comes afterwards');
      equal(await stage.drained(`${q}-more`), ['beside'], 'the other queue');
    },
  },
  {
    name: 'the names of queues that hold messages are known, page by page',
    async run(stage) {
      const p = stage.partition();
      for (const name of ['c', 'a', 'b/1', 'b/2']) await stage.put(`${p}/${name}`, name);
      await stage.drained(`${p}/c`);
      const { inspect } = stage.store;
      const names = async (prefix: string, limit: number): Promise<string[]> => {
        const found: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await inspect.queues(prefix, { limit, ...(cursor === undefined ? {} : { cursor }) });
          found.push(...page.items);
          cursor = page.cursor;
        } while (cursor !== undefined);
        return found;
      };
      const all = ['a', 'b/1', 'b/2'].map(name => `${p}/${name}`);
      equal(await names(p, 100), all, 'all');
      equal(await names(p, 1), all, 'one by one');
      equal(await names(`${p}/b/`, 100), all.slice(1), 'by prefix');
    },
  },
  {
    name: 'a cursor that no page gave is refused, and so is that of another list',
    async run(stage) {
      const p = stage.partition();
      for (const name of ['a', 'b']) {
        await stage.put(`${p}/${name}`, '1');
        await stage.put(`${p}/${name}`, '2');
        await stage.write({ key: `${p}/${name}`, text: 'x' });
      }
      const { inspect, state } = stage.store;
      const pages: readonly ((cursor?: string) => Promise<Page<unknown>>)[] = [
        cursor => inspect.queues(p, { limit: 1, ...(cursor === undefined ? {} : { cursor }) }),
        cursor => inspect.messages(`${p}/a`, { limit: 1, ...(cursor === undefined ? {} : { cursor }) }),
        cursor => inspect.messages(`${p}/b`, { limit: 1, ...(cursor === undefined ? {} : { cursor }) }),
        cursor => state.scan(p, { limit: 1, ...(cursor === undefined ? {} : { cursor }) }),
      ];
      const cursors = ['', '0', 'x'.repeat(12)];
      for (const page of pages) cursors.push((await stage.within('a page comes', page())).cursor ?? 'none');
      for (const [index, page] of pages.entries()) {
        for (const cursor of cursors.filter((_, at) => at !== 3 + index)) {
          const thrown = await stage.thrown(cursor, () => page(cursor));
          ok(thrown instanceof RangeError && thrown.message.includes(`"${cursor}"`), 'the error names it');
        }
      }
    },
  },
];

/** One leased and two held of a key, one delayed, two ready. */
async function fill(stage: QueueStage, queue: string): Promise<void> {
  for (const text of ['k1', 'k2', 'k3']) await stage.put(queue, text, { key: 'k' });
  await stage.one(queue);
  await stage.puts([
    { queue, message: messageOf('later', { delayMs: 600_000 }) },
    { queue, message: messageOf('a') },
    { queue, message: messageOf('b') },
  ]);
}
