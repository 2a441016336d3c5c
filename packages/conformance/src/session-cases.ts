import { errorCode, sessionId } from '@quorate/core';
import { equal, ok } from './expect.ts';
import type { StoreCase } from './store-case.ts';
import { absent, bytes, type StoreStage } from './store-stage.ts';
import { WatchRecorder } from './watch-recorder.ts';

/** Settles when nothing stands under a prefix any more, as a watcher sees it. */
export async function untilEmpty(stage: StoreStage, prefix: string): Promise<void> {
  const empty = async (): Promise<void> => {
    while ((await stage.store.list(prefix)).entries.length > 0) await stage.sleep(20);
  };
  await stage.within(`nothing stands under ${prefix}`, empty());
}

/** Sessions: what they own, how long they live, and how they end. */
export const sessionCases: readonly StoreCase[] = [
  {
    name: 'an entry names the session that it was put with, and no other',
    async run(stage) {
      const p = stage.partition();
      const session = await stage.session();
      const put = await stage.put(`${p}/a`, 'one', absent, { session: session.id });
      equal(put.entry.session, session.id, 'as written');
      equal(await stage.get(`${p}/a`), put.entry, 'as got');
      const free = await stage.put(`${p}/a`, 'two', { modified: put.revision });
      equal(free.entry.session, undefined, 'once written without');
      equal((await stage.get(`${p}/a`))?.session, undefined, 'and got then');
    },
  },
  {
    name: 'a session that is disposed of is dead at once, with its entries in all partitions, and others keep theirs',
    async run(stage) {
      const partitions = [stage.partition(), stage.partition(), stage.partition()];
      const [mine, theirs] = [await stage.session(), await stage.session()];
      for (const p of partitions) {
        await stage.put(`${p}/mine`, '', absent, { session: mine.id });
        await stage.put(`${p}/theirs`, '', absent, { session: theirs.id });
        await stage.put(`${p}/free`);
        await stage.put(`${p}/mine/too`, '', absent, { session: mine.id });
      }
      ok(!mine.lost.aborted && mine.remainingMs() > 0, 'it lives before');
      await stage.within('it is disposed of', mine[Symbol.asyncDispose]());
      ok(mine.lost.aborted && mine.remainingMs() === 0, 'it is lost after');
      equal(errorCode(mine.lost.reason), 'CLOSED', 'why it is lost');
      await stage.within('it is seen dead', stage.store.observe(mine.id));
      for (const p of partitions) {
        await untilEmpty(stage, `${p}/mine`);
        equal(await stage.keys(`${p}/`), [`${p}/theirs`, `${p}/free`], 'what is left');
      }
      ok(!theirs.lost.aborted, 'the other lives on');
      await stage.within('it is disposed of again', mine[Symbol.asyncDispose]());
    },
  },
  {
    name: 'the end of a session is told to those who watch its entries, each as a deletion',
    async run(stage) {
      const p = stage.partition();
      const session = await stage.session();
      const from = await stage.revision(p);
      const one = await stage.put(`${p}/a`, 'one', absent, { session: session.id });
      const two = await stage.put(`${p}/b`, 'two', absent, { session: session.id });
      const other = await stage.open();
      using watch = new WatchRecorder(other, `${p}/`, from);
      await stage.within(
        'both are told',
        watch.until(() => watch.changes.length >= 2 || watch.isResynced),
      );
      await session[Symbol.asyncDispose]();
      await untilEmpty(stage, `${p}/`);
      await stage.within(
        'their ends are told',
        watch.until(() => watch.changes.length >= 4 || watch.isResynced),
      );
      if (watch.isResynced) return;
      const [first, second] = watch.changes.slice(2);
      equal([first?.type, second?.type], ['delete', 'delete'], 'what happened');
      const ended = [first!.entry, second!.entry].sort((left, right) => left.created - right.created);
      equal(ended, [one.entry, two.entry], 'the entries as they were');
      ok(first!.revision > two.revision, 'a deletion has a revision of its own');
      ok((await stage.put(`${p}/c`)).revision > second!.revision, 'which is part of the order');
    },
  },
  {
    name: 'a session lives for as long as its client does, far beyond its time to live',
    timed: true,
    async run(stage) {
      const p = stage.partition();
      const other = await stage.open();
      const session = await stage.session(stage.store, stage.ttlMs);
      const put = await stage.put(`${p}/a`, '', absent, { session: session.id });
      const observed = other.observe(session.id, { deadlineMs: 3 * stage.ttlMs }).then(
        () => 'dead',
        thrown => errorCode(thrown),
      );
      await stage.sleepWriting(3 * stage.ttlMs);
      equal(await stage.within('the time is over', observed), 'DEADLINE_EXCEEDED', 'what its observer sees');
      ok(!session.lost.aborted, 'it is not lost');
      const leftMs = session.remainingMs();
      ok(leftMs > 0 && leftMs <= stage.ttlMs, `it has up to its time to live left: ${leftMs} ms`);
      equal(await stage.get(`${p}/a`, other), put.entry, 'its entry');
    },
  },
  {
    name: 'a session whose client stands still dies, and its entries are deleted in all partitions by whoever is there',
    timed: true,
    async run(stage) {
      const partitions = [stage.partition(), stage.partition()];
      const { store, clock } = await stage.openStoppable();
      const session = await stage.session(store, stage.ttlMs);
      const from = await stage.revision(`${partitions[0]}/`);
      for (const p of partitions) {
        for (const name of ['a', 'b', 'c'])
          await stage.put(`${p}/${name}`, '', absent, { store, session: session.id });
      }
      using watch = new WatchRecorder(stage.store, `${partitions[0]}/`, from);
      clock.stop();
      await stage.within('it is seen dead', stage.store.observe(session.id));
      for (const p of partitions) await untilEmpty(stage, `${p}/`);
      await stage.within(
        'the ends of its entries are told',
        watch.until(
          () => watch.isResynced || watch.changes.filter(({ type }) => type === 'delete').length === 3,
        ),
      );
      equal(session.remainingMs(), 0, 'what its owner has left of it');
      ok(session.lost.aborted, 'its owner knows once it looks');
      equal(errorCode(session.lost.reason), 'SESSION_LOST', 'why it is lost');
      clock.goOn();
      await stage.sleep(stage.ttlMs / 2);
      for (const p of partitions)
        equal(await stage.keys(`${p}/`), [], 'what its owner left, once it goes on');
    },
  },
  {
    name: 'what a dead session is named in is refused, or goes the way of its entries',
    async run(stage) {
      const p = stage.partition();
      const session = await stage.session();
      await session[Symbol.asyncDispose]();
      await stage.within('it is seen dead', stage.store.observe(session.id));
      try {
        await stage.put(`${p}/a`, '', absent, { session: session.id });
      } catch (thrown) {
        if (errorCode(thrown) !== 'SESSION_LOST') throw thrown;
        equal((thrown as { outcome?: unknown }).outcome, 'not-applied', 'the outcome of its refusal');
        equal(await stage.get(`${p}/a`), undefined, 'what stands there');
      }
      await untilEmpty(stage, `${p}/`);
    },
  },
  {
    name: 'an entry that is written without its session, or with another, outlives it',
    async run(stage) {
      const p = stage.partition();
      const [one, other] = [await stage.session(), await stage.session()];
      const free = await stage.put(`${p}/free`, '', absent, { session: one.id });
      const moved = await stage.put(`${p}/moved`, '', absent, { session: one.id });
      await stage.put(`${p}/gone`, '', absent, { session: one.id });
      const again = await stage.put(`${p}/again`, '', absent, { session: one.id });
      await stage.put(`${p}/free`, '', { modified: free.revision });
      await stage.put(`${p}/moved`, '', { modified: moved.revision }, { session: other.id });
      await stage.delete(`${p}/again`, { modified: again.revision });
      await stage.put(`${p}/again`);
      await one[Symbol.asyncDispose]();
      await untilEmpty(stage, `${p}/gone`);
      equal(
        await stage.keys(`${p}/`),
        ['free', 'moved', 'again'].map(name => `${p}/${name}`),
        'what is left',
      );
      await other[Symbol.asyncDispose]();
      await untilEmpty(stage, `${p}/moved`);
      equal(
        await stage.keys(`${p}/`),
        ['free', 'again'].map(name => `${p}/${name}`),
        'and then',
      );
    },
  },
  {
    name: 'ids of sessions are unique',
    async run(stage) {
      const stores = [stage.store, await stage.open()];
      const opened = await Promise.all([...Array(20).keys()].map(index => stage.session(stores[index % 2])));
      equal(new Set(opened.map(({ id }) => sessionId(id))).size, 20, 'how many ids there are');
      await Promise.all(opened.map(session => session[Symbol.asyncDispose]()));
      const next = await stage.session();
      ok(
        opened.every(({ id }) => id !== next.id),
        'none is used again',
      );
    },
  },
  {
    name: 'many sessions of one client live and die each for itself',
    timed: true,
    async run(stage) {
      const p = stage.partition();
      const sessions = await Promise.all(
        [...Array(8).keys()].map(() => stage.session(stage.store, stage.ttlMs)),
      );
      await Promise.all(
        sessions.map(({ id }, index) => stage.put(`${p}/${index}`, '', absent, { session: id })),
      );
      await Promise.all(sessions.slice(0, 4).map(session => session[Symbol.asyncDispose]()));
      await stage.sleepWriting(1.5 * stage.ttlMs);
      for (const [index, session] of sessions.entries()) {
        equal(session.lost.aborted, index < 4, `session ${index} is lost`);
        if (index < 4) await untilEmpty(stage, `${p}/${index}`);
        else equal((await stage.get(`${p}/${index}`))?.session, session.id, `the entry of session ${index}`);
      }
    },
  },
  {
    name: 'what a session owns may be many: all of it ends',
    async run(stage) {
      const p = stage.partition();
      const session = await stage.session();
      const names = [...Array(300).keys()];
      for (let from = 0; from < names.length; from += 50) {
        const some = names.slice(from, from + 50);
        await Promise.all(some.map(name => stage.put(`${p}/${name}`, '', absent, { session: session.id })));
      }
      await stage.put(`${p}/free`);
      await stage.within('it is disposed of', session[Symbol.asyncDispose]());
      const left = async (): Promise<void> => {
        while ((await stage.store.list(`${p}/`)).entries.length > 1) await stage.sleep(20);
      };
      await stage.within('its entries are gone', left());
      equal(await stage.keys(`${p}/`), [`${p}/free`], 'what is left');
      const result = await stage.store.put(`${p}/0`, bytes(''), absent);
      equal(result.outcome, 'applied', 'the next that puts one of the keys');
    },
  },
];
