import { revision as revisionOf, type SessionId } from '@quorate/core';
import { equal } from './expect.ts';
import type { StoreCase } from './store-case.ts';
import { absent, applied, bytes, type StoreStage } from './store-stage.ts';
import { toldBy, unbroken } from './watch-attempts.ts';
import { WatchRecorder } from './watch-recorder.ts';

/** More changes of one partition than an engine need keep for those who watch. */
const manyCount = 700;

/** Puts many keys, some of them at once. */
async function putMany(stage: StoreStage, p: string, session?: SessionId): Promise<void> {
  const options = session === undefined ? {} : { session };
  for (let from = 0; from < manyCount; from += 50) {
    const names = Array.from({ length: 50 }, (_, index) => from + index);
    await Promise.all(names.map(name => stage.put(`${p}/${name}`, '', absent, options)));
  }
}

/** Watches where much happens at once, and after they had to leave something out. */
export const watchGapCases: readonly StoreCase[] = [
  {
    name: 'a watch that said that it missed something goes on with what comes later',
    async run(stage) {
      const other = await stage.open();
      const p = stage.partition();
      await putMany(stage, p);
      let later = 0;
      await unbroken(async () => {
        using watch = new WatchRecorder(other, `${p}/`, revisionOf(0));
        await stage.within(
          'all is told, or that some was missed',
          watch.until(() => watch.isResynced || watch.changes.length >= manyCount + later),
        );
        const { length } = watch.events;
        const { entry, revision } = await stage.put(`${p}/later-${++later}`);
        await stage.within(
          'it tells what comes later',
          watch.until(() => watch.events.length > length),
        );
        if (watch.events[length]?.type === 'resync') return false;
        equal(watch.events.slice(length), [{ type: 'put', entry, revision }], 'what it told');
        return true;
      });
    },
  },
  {
    name: 'whoever watches one of the many entries of a session is told of its end, or that something was missed',
    async run(stage) {
      const p = stage.partition();
      const other = await stage.open();
      const session = await stage.session();
      await putMany(stage, p, session.id);
      const from = await stage.revision(p);
      using first = new WatchRecorder(stage.store, `${p}/0`, from);
      using last = new WatchRecorder(other, `${p}/${manyCount - 1}`, from);
      // What was under way when a watch began proves nothing.
      await stage.put(`${p}/0/beside`);
      await stage.put(`${p}/${manyCount - 1}/beside`);
      for (const watch of [first, last]) {
        await stage.within(
          'it watches',
          watch.until(() => watch.events.length > 0),
        );
      }
      const begun = [first.events.length, last.events.length];
      await session[Symbol.asyncDispose]();
      for (const [index, watch] of [first, last].entries()) {
        await stage.within(
          'the end is told',
          watch.until(() => watch.events.length > (begun[index] as number)),
        );
        const event = watch.events[begun[index] as number];
        if (event?.type !== 'resync') equal(event?.type, 'delete', 'what is told');
      }
    },
  },
  {
    name: 'what a batch deletes is told as it was, at the revision of the batch',
    applies: ({ verbs }) => verbs.batch,
    async run(stage) {
      await unbroken(async () => {
        const p = stage.partition();
        const session = await stage.session();
        const old = await stage.put(`${p}/old`, 'old', absent, { session: session.id });
        using watch = new WatchRecorder(stage.store, `${p}/`, await stage.revision(p));
        const { revision } = applied(
          'the batch',
          await stage.batch(
            [],
            [
              { type: 'put', key: `${p}/new`, value: bytes('new'), session: session.id },
              { type: 'delete', key: `${p}/old` },
            ],
          ),
        );
        if (!(await toldBy(stage, watch, 2))) return false;
        const entry = {
          key: `${p}/new`,
          value: bytes('new'),
          created: revision,
          modified: revision,
          session: session.id,
        };
        const told = [...watch.events].sort((one, two) => (one.type < two.type ? -1 : 1));
        equal(
          told,
          [
            { type: 'delete', entry: old.entry, revision },
            { type: 'put', entry, revision },
          ],
          'what it told',
        );
        return true;
      });
    },
  },
];
