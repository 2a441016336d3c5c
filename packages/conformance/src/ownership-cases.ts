import { equal } from './expect.ts';
import type { StoreCase } from './store-case.ts';
import { absent, applied, bytes, operations, textOf } from './store-stage.ts';

/** Whom bytes belong to, wherever they come from and go to. */
export const ownershipCases: readonly StoreCase[] = [
  {
    name: 'bytes belong to whoever has them: what is done to them later changes nothing',
    async run(stage) {
      const key = `${stage.partition()}/a`;
      const value = bytes('mine');
      const writing = stage.store.put(key, value, absent);
      value.fill(0);
      const result = await stage.within('it is put', writing);
      if (result.outcome === 'applied') result.entry.value.fill(0);
      (await stage.get(key))?.value.fill(0);
      const { entries } = await stage.store.list(key);
      entries[0]?.value.fill(0);
      equal(textOf(await stage.get(key)), 'mine', 'what stands there');
    },
  },
  {
    name: 'bytes of refusals belong to whoever is refused',
    async run(stage) {
      const key = `${stage.partition()}/a`;
      const { entry } = await stage.put(key, 'mine');
      const refusals = [
        await stage.store.put(key, bytes('x'), absent),
        await stage.store.delete(key, { modified: (entry.modified + 1) as never }),
        ...(stage.capabilities.verbs.batch ? [await stage.batch([[key, absent]], [])] : []),
      ];
      for (const refusal of refusals) {
        equal(refusal.outcome, 'not-applied', 'what became of it');
        if (refusal.outcome !== 'not-applied') continue;
        equal(refusal.current, entry, 'what stands there instead');
        refusal.current?.value.fill(0);
      }
      equal(await stage.get(key), entry, 'what stands there');
    },
  },
  {
    name: 'bytes of what an operation left belong to whoever was answered: a repeat is answered as at first',
    async run(stage) {
      const p = stage.partition();
      const next = operations(await stage.session());
      const [putting, deleting] = [next(), next()];
      const put = () => stage.put(`${p}/a`, 'mine', absent, { operation: putting });
      const first = await put();
      first.entry.value.fill(0);
      equal(textOf((await put()).entry), 'mine', 'the repeated put');
      const remove = async () =>
        applied(
          'the delete',
          await stage.store.delete(`${p}/a`, { created: first.revision }, { operation: deleting }),
        );
      (await remove()).entry.value.fill(0);
      equal(textOf((await remove()).entry), 'mine', 'the repeated delete');
    },
  },
  {
    name: 'bytes that go into a queue and come out of it belong to whoever has them',
    applies: ({ verbs }) => verbs.enqueue,
    async run(stage) {
      const prefix = `${stage.partition()}/queue/`;
      const session = await stage.session();
      const operation = operations(session)();
      await stage.put(`${prefix}0`, 'head');
      await stage.put(`${prefix}1`, 'middle');
      const value = bytes('mine');
      const enqueuing = stage.store.enqueue!(prefix, value, { session: session.id, operation });
      value.fill(0);
      const first = applied('the enqueue', await stage.within('it is enqueued', enqueuing));
      const { self, head, predecessor } = first;
      equal([head, predecessor, self].map(textOf), ['head', 'middle', 'mine'], 'what is learnt');
      for (const entry of [self, head, predecessor]) entry?.value.fill(0);
      const again = await stage.enqueue(prefix, 'mine', session.id, { operation });
      equal(
        [again.head, again.predecessor, again.self].map(textOf),
        ['head', 'middle', 'mine'],
        'what is learnt again',
      );
      const { entries } = await stage.store.list(prefix);
      equal(entries.map(textOf), ['head', 'middle', 'mine'], 'the queue');
    },
  },
  {
    name: 'what a batch is given belongs to whoever gave it, once it was called',
    applies: ({ verbs }) => verbs.batch,
    async run(stage) {
      const p = stage.partition();
      const value = bytes('mine');
      const conditions = new Map([[`${p}/a`, absent]]);
      const writes = [{ type: 'put' as const, key: `${p}/a`, value }];
      const writing = stage.store.batch!(conditions, writes);
      value.fill(0);
      conditions.set(`${p}/a`, { created: 1 } as never);
      writes.push({ type: 'put', key: `${p}/b`, value });
      equal((await stage.within('it is written', writing)).outcome, 'applied', 'what became of it');
      equal((await stage.store.list(`${p}/`)).entries.map(textOf), ['mine'], 'what stands there');
    },
  },
];
