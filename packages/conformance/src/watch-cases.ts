import { revision as revisionOf, type Store } from '@quorate/core';
import { equal, ok } from './expect.ts';
import { Mirror } from './mirror.ts';
import type { StoreCase } from './store-case.ts';
import { absent, bytes, type StoreStage } from './store-stage.ts';
import { WatchRecorder } from './watch-recorder.ts';

/** How often a case is tried that wants a watch without a `resync`, which is allowed but must not be all there is. */
const attemptsMax = 5;

/** Runs until the watch of an attempt told everything without a `resync`. */
async function unbroken(
  attempt: () => Promise<boolean>,
  what = 'a watch on a link that works tells changes, not only that they were missed',
): Promise<void> {
  for (let count = 0; count < attemptsMax; count++) if (await attempt()) return;
  throw new Error(`Not so: ${what}`);
}

/** Settles when a watch has told as many changes, or that it missed some; true where it told them. */
async function toldBy(stage: StoreStage, watch: WatchRecorder, count: number): Promise<boolean> {
  const what = `a watch tells ${count} changes, of which it has told ${watch.told.join(', ')}`;
  await stage.within(
    what,
    watch.until(() => watch.isResynced || watch.changes.length >= count),
  );
  return !watch.isResynced;
}

/** Watches: what they tell, in which order, and what they may leave out. */
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
  {
    name: 'a watch ends when its signal aborts, without an error, and not before',
    async run(stage) {
      const p = stage.partition();
      const watch = new WatchRecorder(stage.store, `${p}/`, await stage.revision(p));
      await stage.put(`${p}/a`);
      await stage.within(
        'it tells',
        watch.until(() => watch.events.length > 0),
      );
      ok(watch.ended === undefined, 'it goes on');
      watch[Symbol.dispose]();
      await stage.within(
        'it ends',
        watch.until(() => watch.ended !== undefined),
      );
      equal(watch.ended, { thrown: undefined }, 'what it ended by');
      const { length } = watch.events;
      await stage.put(`${p}/b`);
      equal(watch.events.length, length, 'how much it told');
      const over = stage.store.watch(`${p}/`, revisionOf(0), { signal: AbortSignal.abort() });
      for await (const _ of over) throw new Error('Not so: a watch that is over before tells nothing');
    },
  },
  {
    name: 'a watch may be left in its midst, and others go on',
    async run(stage) {
      await unbroken(async () => {
        const p = stage.partition();
        const from = await stage.revision(p);
        using watch = new WatchRecorder(stage.store, `${p}/`, from);
        await stage.put(`${p}/a`);
        await stage.put(`${p}/b`);
        const { signal } = new AbortController();
        const left = (async () => {
          for await (const event of stage.store.watch(`${p}/`, from, { signal })) return event.type;
          throw new Error('Not so: a watch goes on until its signal aborts');
        })();
        const first = await stage.within('the first is told', left);
        if (first === 'resync' || !(await toldBy(stage, watch, 2))) return false;
        await stage.put(`${p}/c`);
        return await toldBy(stage, watch, 3);
      });
    },
  },
  {
    name: 'bytes that a watch tells belong to who hears them',
    async run(stage) {
      await unbroken(async () => {
        const p = stage.partition();
        const from = await stage.revision(p);
        const watches = [0, 1].map(() => new WatchRecorder(stage.store, `${p}/`, from));
        try {
          await stage.put(`${p}/a`, 'one');
          for (const watch of watches) {
            if (!(await toldBy(stage, watch, 1))) return false;
            equal(watch.told, [`put ${p}/a one`], 'what it told');
            watch.changes[0]?.entry.value.fill(0);
          }
          equal((await stage.get(`${p}/a`))?.value, bytes('one'), 'what stands there');
        } finally {
          for (const watch of watches) watch[Symbol.dispose]();
        }
        return true;
      });
    },
  },
  {
    name: 'a watch that is read late tells everything in order, or that it missed some',
    async run(stage) {
      const p = stage.partition();
      const { signal } = new AbortController();
      const events = stage.store.watch(`${p}/`, await stage.revision(p), { signal })[Symbol.asyncIterator]();
      const first = events.next();
      let last = await stage.put(`${p}/a`, '0');
      await stage.within('the first is told', first);
      for (let count = 1; count <= 150; count++)
        last = await stage.put(`${p}/a`, `${count}`, { modified: last.revision });
      let told = (await first).value?.type === 'resync' ? -1 : 0;
      while (told >= 0 && told < 150) {
        const { value } = await stage.within(`change ${told + 1} is told`, events.next());
        if (value.type === 'resync') break;
        equal(value.entry.value, bytes(`${++told}`), 'the next change');
      }
      await events.return?.();
    },
  },
  {
    name: 'whoever lists again at each resync and applies what is told has what is there',
    async run(stage) {
      const p = stage.partition();
      const watcher = await stage.open();
      using mirror = new Mirror(watcher, `${p}/`, stage.clock);
      const writers = [stage.store, await stage.open()];
      const session = await stage.session();
      const write = async (store: Store, writer: number): Promise<void> => {
        for (let count = 0; count < 30; count++) {
          const key = `${p}/${stage.random.below(6)}`;
          const entry = await stage.get(key, store);
          const condition = entry === undefined ? absent : { modified: entry.modified };
          const isDeleted = entry !== undefined && count % 4 === 3;
          const options = count % 5 === 0 ? { session: session.id } : {};
          const call = isDeleted
            ? store.delete(key, { modified: entry.modified })
            : store.put(key, bytes(`${writer}:${count}`), condition, options);
          await stage.within('it is written', call);
        }
      };
      await Promise.all(writers.map(write));
      await session[Symbol.asyncDispose]();
      const owned = async (): Promise<void> => {
        while ((await stage.store.list(`${p}/`)).entries.some(entry => entry.session !== undefined))
          await stage.sleep(20);
      };
      await stage.within('the entries of the session are gone', owned());
      const { entries } = await stage.store.list(`${p}/`);
      await stage.within('the watcher has what is there', mirror.until(entries));
    },
  },
];
