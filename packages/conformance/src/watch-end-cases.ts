import { revision as revisionOf, type Store } from '@quorate/core';
import { equal, ok } from './expect.ts';
import { Mirror } from './mirror.ts';
import type { StoreCase } from './store-case.ts';
import { absent, bytes } from './store-stage.ts';
import { toldBy, unbroken } from './watch-attempts.ts';
import { WatchRecorder } from './watch-recorder.ts';

/** Watches: how they end, who owns what they tell, and what they may leave out. */
export const watchEndCases: readonly StoreCase[] = [
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
