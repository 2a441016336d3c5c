import { revision as revisionOf } from '@quorate/core';
import { equal, ok } from './expect.ts';
import type { StoreCase } from './store-case.ts';
import { absent, bytes, textOf } from './store-stage.ts';

/** Entries, one key at a time. */
export const entryCases: readonly StoreCase[] = [
  {
    name: 'a key that was never put is not there',
    async run(stage) {
      const partition = stage.partition();
      equal(await stage.get(`${partition}/a`), undefined, 'get');
      equal(await stage.keys(`${partition}/`), [], 'list');
    },
  },
  {
    name: 'what was put is got, by every client, as it was put',
    async run(stage) {
      const key = `${stage.partition()}/a`;
      const other = await stage.open();
      const { entry, revision } = await stage.put(key, 'one');
      equal(entry, { key, value: bytes('one'), created: revision, modified: revision }, 'as written');
      ok(Number.isSafeInteger(revision) && revision > 0, `a revision is a positive integer: ${revision}`);
      equal(await stage.get(key), entry, 'get of its writer');
      equal(await stage.get(key, other), entry, 'get of another');
    },
  },
  {
    name: 'an entry that is put again keeps its creation',
    async run(stage) {
      const key = `${stage.partition()}/a`;
      const first = await stage.put(key, 'one');
      const second = await stage.put(key, 'two', { modified: first.revision });
      const third = await stage.put(key, 'three', { created: first.revision });
      const expected = {
        key,
        value: bytes('three'),
        created: first.revision,
        modified: third.revision,
      };
      ok(first.revision < second.revision, 'the second revision is larger than the first');
      ok(second.revision < third.revision, 'the third revision is larger than the second');
      equal(second.entry.created, first.revision, 'created of the second');
      equal(third.entry, expected, 'the third as written');
      equal(await stage.get(key), expected, 'get');
    },
  },
  {
    name: 'what was deleted is gone, and its deletion gives it as it was',
    async run(stage) {
      const key = `${stage.partition()}/a`;
      const put = await stage.put(key, 'one');
      const result = await stage.delete(key, { modified: put.revision });
      equal(result.entry, put.entry, 'the entry of the deletion');
      ok(result.revision > put.revision, 'a deletion has a revision of its own');
      equal(await stage.get(key), undefined, 'get');
      equal(await stage.keys(key), [], 'list');
    },
  },
  {
    name: 'a key that is put after its deletion is a new one',
    async run(stage) {
      const key = `${stage.partition()}/a`;
      const first = await stage.put(key, 'one');
      const gone = await stage.delete(key, { created: first.revision });
      const second = await stage.put(key, 'two');
      ok(second.revision > gone.revision, 'its revision is larger than that of the deletion');
      equal(second.entry.created, second.revision, 'its creation is its own');
      const stale = await stage.store.delete(key, { created: first.revision });
      equal(stale, { outcome: 'not-applied', current: second.entry }, 'a delete of the old one');
    },
  },
  {
    name: 'a condition "absent" holds for an absent key alone',
    async run(stage) {
      const key = `${stage.partition()}/a`;
      const { entry } = await stage.put(key, 'one');
      const result = await stage.store.put(key, bytes('two'), absent);
      equal(result, { outcome: 'not-applied', current: entry }, 'the second put');
      equal(textOf(await stage.get(key)), 'one', 'what stands there');
    },
  },
  {
    name: 'a condition "modified" holds for the last change alone',
    async run(stage) {
      const key = `${stage.partition()}/a`;
      const first = await stage.put(key, 'one');
      const second = await stage.put(key, 'two', { modified: first.revision });
      const refused = { outcome: 'not-applied', current: second.entry };
      for (const modified of [0, first.revision, second.revision + 1].map(revisionOf)) {
        equal(await stage.store.put(key, bytes('x'), { modified }), refused, `put at ${modified}`);
        equal(await stage.store.delete(key, { modified }), refused, `delete at ${modified}`);
      }
      equal(await stage.get(key), second.entry, 'what stands there');
      await stage.delete(key, { modified: second.revision });
    },
  },
  {
    name: 'a condition "created" holds for the same creation alone, however often it was changed since',
    async run(stage) {
      const key = `${stage.partition()}/a`;
      const first = await stage.put(key, 'one');
      const second = await stage.put(key, 'two', { modified: first.revision });
      const refused = { outcome: 'not-applied', current: second.entry };
      for (const created of [0, second.revision].map(revisionOf)) {
        equal(await stage.store.put(key, bytes('x'), { created }), refused, `put at ${created}`);
        equal(await stage.store.delete(key, { created }), refused, `delete at ${created}`);
      }
      await stage.put(key, 'three', { created: first.revision });
      await stage.delete(key, { created: first.revision });
    },
  },
  {
    name: 'a condition on a revision is refused where nothing stands, and so is said',
    async run(stage) {
      const key = `${stage.partition()}/a`;
      const never = await stage.put(key, 'one');
      await stage.delete(key, { created: never.revision });
      for (const condition of [{ modified: never.revision }, { created: never.revision }]) {
        equal(await stage.store.put(key, bytes('x'), condition), { outcome: 'not-applied' }, 'put');
        equal(await stage.store.delete(key, condition), { outcome: 'not-applied' }, 'delete');
      }
      equal(await stage.get(key), undefined, 'get');
    },
  },
  {
    name: 'a write that was refused changes nothing, revisions included',
    async run(stage) {
      const key = `${stage.partition()}/a`;
      const put = await stage.put(key, 'one');
      const before = await stage.revision(key);
      for (let count = 0; count < 3; count++) await stage.store.put(key, bytes('two'), absent);
      equal(await stage.revision(key), before, 'the revision of the partition');
      equal(await stage.get(key), put.entry, 'the entry');
    },
  },
  {
    name: 'of clients that create one key at once exactly one does, and the others see its entry',
    async run(stage) {
      const stores = [stage.store, await stage.open(), await stage.open()];
      for (let round = 0; round < 5; round++) {
        const key = `${stage.partition()}/a`;
        const results = await Promise.all(
          [...stores, ...stores].map((store, index) => store.put(key, bytes(`${index}`), absent)),
        );
        const winners = results.filter(({ outcome }) => outcome === 'applied');
        equal(winners.length, 1, 'how many created it');
        const entry = await stage.get(key);
        for (const result of results) {
          if (result.outcome === 'applied') equal(result.entry, entry, 'the entry of who created it');
          else equal(result, { outcome: 'not-applied', current: entry }, 'what the others see');
        }
      }
    },
  },
  {
    name: 'clients that change one key under the revision they read lose no change',
    async run(stage) {
      const key = `${stage.partition()}/a`;
      const stores = [stage.store, await stage.open(), await stage.open()];
      await stage.put(key, '0');
      const raise = async (store: typeof stage.store): Promise<void> => {
        for (let done = 0; done < 5; ) {
          const entry = await stage.get(key, store);
          ok(entry !== undefined, 'the key stays there');
          const value = bytes(`${Number(textOf(entry)) + 1}`);
          const result = await stage.within('it is put', store.put(key, value, { modified: entry.modified }));
          ok(result.outcome !== 'unknown', 'nothing is lost on the way');
          if (result.outcome === 'applied') done++;
        }
      };
      await Promise.all(stores.map(raise));
      equal(textOf(await stage.get(key)), '15', 'what was counted');
    },
  },
  {
    name: 'whoever reads after a write was answered sees it, through whichever client',
    applies: ({ linearizable }) => linearizable,
    async run(stage) {
      const key = `${stage.partition()}/a`;
      const stores = [stage.store, await stage.open(), await stage.open()];
      let { entry } = await stage.put(key, '0');
      for (let count = 1; count <= 15; count++) {
        const writer = stores[count % 3] as typeof stage.store;
        const condition = { modified: entry.modified };
        entry = (await stage.put(key, `${count}`, condition, { store: writer })).entry;
        for (const store of stores) equal(await stage.get(key, store), entry, `get after write ${count}`);
        const { entries } = await stage.store.list(key);
        equal(entries, [entry], `list after write ${count}`);
      }
    },
  },
  {
    name: 'partitions have nothing to do with each other',
    async run(stage) {
      const [one, other] = [stage.partition(), stage.partition()];
      const put = await stage.put(`${one}/a`, 'one');
      const before = await stage.revision(one);
      for (let count = 0; count < 3; count++) await stage.put(`${other}/${count}`);
      equal(await stage.revision(one), before, 'the revision of the one');
      equal(await stage.keys(`${one}/`), [`${one}/a`], 'the entries of the one');
      equal(await stage.get(`${one}/a`), put.entry, 'its entry');
    },
  },
];
