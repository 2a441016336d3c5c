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
      const { entries } = await stage.store.list(`${partition}/`);
      equal(entries, [], 'list');
    },
  },
  {
    name: 'what was put is got, by every client, as it was put',
    async run(stage) {
      const key = `${stage.partition()}/a`;
      const other = await stage.open();
      const { entry, revision } = await stage.put(key, 'one');
      equal(
        entry,
        { key, value: bytes('one'), created: revision, modified: revision },
        'the entry as written',
      );
      ok(
        Number.isSafeInteger(revision) && revision > 0,
        `revisions are positive integers: received ${revision}`,
      );
      equal(await stage.get(key), entry, 'get of its writer');
      equal(await stage.get(key, other), entry, 'get of another');
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
];
