import { equal, ok } from './expect.ts';
import type { StoreCase } from './store-case.ts';
import { absent, operations } from './store-stage.ts';
import { WatchRecorder } from './watch-recorder.ts';

/** Queues of entries. */
export const enqueueCases: readonly StoreCase[] = [
  {
    name: 'an entry that is enqueued learns who stands first and who stands before it',
    applies: ({ verbs }) => verbs.enqueue,
    async run(stage) {
      const prefix = `${stage.partition()}/queue/`;
      const session = await stage.session();
      const other = await stage.session();
      const first = await stage.enqueue(prefix, 'first', session.id);
      const second = await stage.enqueue(prefix, 'second', other.id);
      const third = await stage.enqueue(prefix, 'third', session.id);
      equal([first.head, first.predecessor], [first.self, undefined], 'what the first learns');
      equal([second.head, second.predecessor], [first.self, first.self], 'what the second learns');
      equal([third.head, third.predecessor], [first.self, second.self], 'what the third learns');
      equal(
        [first, second, third].map(({ self }) => self.session),
        [session.id, other.id, session.id],
        'their sessions',
      );
      const { entries } = await stage.store.list(prefix);
      equal(entries, [first.self, second.self, third.self], 'the queue');
      const keys = entries.map(({ key }) => key);
      equal([...keys].sort(), keys, 'its keys, sorted');
      ok(
        keys.every(key => key.startsWith(prefix) && key.length > prefix.length),
        'each key begins with the prefix',
      );
      ok(
        entries.every(({ created, modified }) => created === modified),
        'each was only created',
      );
    },
  },
  {
    name: 'an entry learns of those who stand there then: not of who left, and not of other queues',
    applies: ({ verbs }) => verbs.enqueue,
    async run(stage) {
      const p = stage.partition();
      const session = await stage.session();
      const [a, b, c] = [
        await stage.enqueue(`${p}/queue/`, 'a', session.id),
        await stage.enqueue(`${p}/queue/`, 'b', session.id),
        await stage.enqueue(`${p}/queue/`, 'c', session.id),
      ];
      await stage.enqueue(`${p}/queue-2/`, 'x', session.id);
      await stage.put(`${p}/y`);
      await stage.delete(c.self.key, { created: c.self.created });
      await stage.delete(a.self.key, { created: a.self.created });
      const d = await stage.enqueue(`${p}/queue/`, 'd', session.id);
      equal([d.head, d.predecessor], [b.self, b.self], 'what the next learns');
      const e = await stage.enqueue(`${p}/other/`, 'e', session.id);
      equal([e.head, e.predecessor], [e.self, undefined], 'what the first of another queue learns');
    },
  },
  {
    name: 'an entry that was put stands in the queue as any other',
    applies: ({ verbs }) => verbs.enqueue,
    async run(stage) {
      const prefix = `${stage.partition()}/queue/`;
      const session = await stage.session();
      const put = await stage.put(`${prefix}zzz`, 'put');
      const { head, predecessor } = await stage.enqueue(prefix, 'next', session.id);
      equal([head, predecessor], [put.entry, put.entry], 'what the next learns');
    },
  },
  {
    name: 'those that are enqueued at once by several clients stand in one order, each behind another',
    applies: ({ verbs }) => verbs.enqueue,
    async run(stage) {
      const prefix = `${stage.partition()}/queue/`;
      const stores = [stage.store, await stage.open(), await stage.open()];
      const sessions = await Promise.all(stores.map(store => stage.session(store)));
      const results = await Promise.all(
        [...Array(24).keys()].map(index => {
          const { id } = sessions[index % 3]!;
          return stage.enqueue(prefix, `${index}`, id, { store: stores[index % 3]! });
        }),
      );
      const { entries } = await stage.store.list(prefix);
      equal(entries.length, 24, 'how many stand there');
      for (const { self, head, predecessor } of results) {
        const place = entries.findIndex(({ key }) => key === self.key);
        equal(self, entries[place], 'the entry');
        equal(head, entries[0], 'the first');
        equal(predecessor, entries[place - 1], `who stands before place ${place}`);
      }
    },
  },
  {
    name: 'a queue ends with its sessions, and who watches its predecessor is told',
    applies: ({ verbs }) => verbs.enqueue,
    async run(stage) {
      const prefix = `${stage.partition()}/queue/`;
      const other = await stage.open();
      const [one, two] = [await stage.session(), await stage.session(other)];
      const first = await stage.enqueue(prefix, 'first', one.id);
      const second = await stage.enqueue(prefix, 'second', two.id, { store: other });
      using watch = new WatchRecorder(other, first.self.key, second.self.created);
      await one[Symbol.asyncDispose]();
      await stage.within(
        'the end is told',
        watch.until(() => watch.events.length > 0),
      );
      if (!watch.isResynced) equal(watch.told, [`delete ${first.self.key} first`], 'what is told');
      equal(await stage.keys(prefix), [second.self.key], 'who is left');
    },
  },
  {
    name: 'an enqueue that is repeated under its operation takes effect once: its entry as first written, the others as they stand',
    applies: ({ verbs }) => verbs.enqueue,
    async run(stage) {
      const prefix = `${stage.partition()}/queue/`;
      const session = await stage.session();
      const head = await stage.put(`${prefix}0`, 'head');
      const middle = await stage.put(`${prefix}1`, 'middle');
      const operation = operations(session)();
      const first = await stage.enqueue(prefix, 'mine', session.id, { operation });
      equal([first.head, first.predecessor], [head.entry, middle.entry], 'what is learnt at first');
      equal(await stage.enqueue(prefix, 'mine', session.id, { operation }), first, 'the repeat');
      await stage.put(`${prefix}9`, 'behind');
      await stage.delete(`${prefix}1`, { created: middle.revision });
      const later = await stage.enqueue(prefix, 'mine', session.id, { operation });
      equal(
        later,
        { outcome: 'applied', self: first.self, head: head.entry, predecessor: head.entry },
        'a later repeat',
      );
      await stage.delete(`${prefix}0`, { created: head.revision });
      const last = await stage.enqueue(prefix, 'mine', session.id, { operation });
      equal(last, { outcome: 'applied', self: first.self, head: first.self }, 'the last repeat');
      equal(await stage.keys(prefix), [first.self.key, `${prefix}9`], 'the queue');
    },
  },
  {
    name: 'an enqueue into many queues at once gives each its own order',
    applies: ({ verbs }) => verbs.enqueue,
    async run(stage) {
      const p = stage.partition();
      const session = await stage.session();
      const names = [...Array(30).keys()].map(index => `${p}/${index % 5}/`);
      await Promise.all(names.map((name, index) => stage.enqueue(name, `${index}`, session.id)));
      for (const name of new Set(names)) equal((await stage.keys(name)).length, 6, `who stands in ${name}`);
      const free = await stage.put(`${p}/free`, '', absent);
      equal(
        (await stage.store.list(`${p}/`, { newestFirst: true, limit: 1 })).entries,
        [free.entry],
        'the newest',
      );
    },
  },
];
