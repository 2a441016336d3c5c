import { revision as revisionOf, type Store } from '@quorate/core';
import { equal } from './expect.ts';
import type { StoreCase } from './store-case.ts';
import { absent } from './store-stage.ts';
import { toldBy, unbroken } from './watch-attempts.ts';
import { WatchRecorder } from './watch-recorder.ts';

/** Watches: what they tell, and in which order. */
export const watchCases: readonly StoreCase[] = [
  {
    name: 'a watch tells every change under its prefix after its revision, in order, with what is there then',
    async run(stage) {
      await unbroken(async () => {
        const p = stage.partition();
        const before = await stage.put(`${p}/a`, 'before');
        using watch = new WatchRecorder(stage.store, `${p}/a`, await stage.revision(p));
        const one = await stage.put(`${p}/a`, 'one', { modified: before.revision });
        await stage.put(`${p}/b`, 'beside');
        const two = await stage.put(`${p}/ab`, 'two');
        const gone = await stage.delete(`${p}/a`, { modified: one.revision });
        const three = await stage.put(`${p}/a`, 'three');
        if (!(await toldBy(stage, watch, 4))) return false;
        const expected = [
          { type: 'put', entry: one.entry, revision: one.revision },
          { type: 'put', entry: two.entry, revision: two.revision },
          { type: 'delete', entry: one.entry, revision: gone.revision },
          { type: 'put', entry: three.entry, revision: three.revision },
        ];
        equal(watch.events, expected, 'what it told');
        return true;
      });
    },
  },
  {
    name: 'a watch from a revision in the past catches up on what came after',
    async run(stage) {
      await unbroken(async () => {
        const p = stage.partition();
        await stage.put(`${p}/a`);
        const two = await stage.put(`${p}/b`, 'b');
        const three = await stage.put(`${p}/c`, 'c');
        await stage.delete(`${p}/b`, { modified: two.revision });
        const other = await stage.open();
        using late = new WatchRecorder(other, `${p}/`, two.revision);
        if (!(await toldBy(stage, late, 2))) return false;
        await stage.put(`${p}/d`, 'd');
        if (!(await toldBy(stage, late, 3))) return false;
        equal(late.told, [`put ${p}/c c`, `delete ${p}/b b`, `put ${p}/d d`], 'what it told');
        equal(late.changes[0]?.revision, three.revision, 'the revision of the first');
        return true;
      });
    },
  },
  {
    name: 'a watch from the revision of an empty list tells what is put next',
    async run(stage) {
      await unbroken(async () => {
        const p = stage.partition();
        const other = await stage.open();
        using watch = new WatchRecorder(other, `${p}/`, await stage.revision(p, other));
        const { entry, revision } = await stage.put(`${p}/a`, 'one');
        if (!(await toldBy(stage, watch, 1))) return false;
        equal(watch.events, [{ type: 'put', entry, revision }], 'what it told');
        return true;
      });
    },
  },
  {
    name: 'a watch from before every change tells all of them, or that it cannot',
    async run(stage) {
      const p = stage.partition();
      await stage.put(`${p}/a`, 'one');
      await stage.put(`${p}/b`, 'two');
      using watch = new WatchRecorder(stage.store, `${p}/`, revisionOf(0));
      if (await toldBy(stage, watch, 2))
        equal(watch.told, [`put ${p}/a one`, `put ${p}/b two`], 'what it told');
    },
  },
  {
    name: 'a watch of one key hears of nothing else, however much else there is',
    async run(stage) {
      await unbroken(async () => {
        const p = stage.partition();
        const { entry } = await stage.put(`${p}/mine`, 'mine');
        using watch = new WatchRecorder(stage.store, entry.key, await stage.revision(p));
        for (let from = 0; from < 200; from += 40) {
          const names = Array.from({ length: 40 }, (_, index) => from + index);
          await Promise.all(names.map(name => stage.put(`${p}/other${name}`)));
        }
        await stage.delete(entry.key, { created: entry.created });
        if (!(await toldBy(stage, watch, 1))) return false;
        equal(watch.told, [`delete ${entry.key} mine`], 'what it told');
        return true;
      });
    },
  },
  {
    name: 'a watch tells the changes of many writers once each, in the order of their revisions',
    async run(stage) {
      const writers = [stage.store, await stage.open(), await stage.open()];
      const watcher = await stage.open();
      await unbroken(async () => {
        const p = stage.partition();
        using watch = new WatchRecorder(watcher, `${p}/`, await stage.revision(p));
        const written: number[] = [];
        const write = async (store: Store, index: number): Promise<void> => {
          for (let count = 0; count < 12; count++) {
            const put = await stage.put(`${p}/${index}-${count % 5}-${count}`, `${count}`, absent, { store });
            written.push(put.revision);
            if (count % 3 === 2)
              written.push((await stage.delete(put.entry.key, { created: put.revision }, store)).revision);
          }
        };
        await Promise.all(writers.map(write));
        if (!(await toldBy(stage, watch, written.length))) return false;
        const revisions = watch.changes.map(({ revision }) => revision);
        equal(
          revisions,
          written.sort((one, other) => one - other),
          'the revisions that it told',
        );
        return true;
      });
    },
  },
  {
    name: 'many watches of one client tell their own changes each',
    async run(stage) {
      await unbroken(async () => {
        const p = stage.partition();
        const from = await stage.revision(p);
        const watches = [...Array(50).keys()].map(
          index => new WatchRecorder(stage.store, `${p}/${index}/`, from),
        );
        try {
          await Promise.all(watches.map((_, index) => stage.put(`${p}/${index}/a`, `${index}`)));
          const told = await Promise.all(watches.map(watch => toldBy(stage, watch, 1)));
          if (!told.every(Boolean)) return false;
          for (const [index, watch] of watches.entries()) {
            equal(watch.told, [`put ${p}/${index}/a ${index}`], `what watch ${index} told`);
          }
        } finally {
          for (const watch of watches) watch[Symbol.dispose]();
        }
        return true;
      });
    },
  },
  {
    name: 'watches of one prefix are each told everything',
    async run(stage) {
      const other = await stage.open();
      await unbroken(async () => {
        const p = stage.partition();
        const from = await stage.revision(p);
        const watches = [stage.store, other, stage.store, other].map(
          store => new WatchRecorder(store, `${p}/`, from),
        );
        try {
          for (const name of ['a', 'b', 'c']) await stage.put(`${p}/${name}`);
          const told = await Promise.all(watches.map(watch => toldBy(stage, watch, 3)));
          if (!told.every(Boolean)) return false;
          for (const watch of watches) equal(watch.told, watches[0]?.told, 'what each told');
        } finally {
          for (const watch of watches) watch[Symbol.dispose]();
        }
        return true;
      });
    },
  },
];
