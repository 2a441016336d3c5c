import { errorCode } from '@quorate/core';
import { equal, ok } from './expect.ts';
import type { StoreCase } from './store-case.ts';
import { absent, applied, bytes, operations } from './store-stage.ts';

/** What sessions and calls go by: both readings of a clock, from before anything is sent. */
export const deadlineCases: readonly StoreCase[] = [
  {
    name: 'a session is lost when the wall clock says that its time is over, as after a suspended machine',
    timed: true,
    async run(stage) {
      const { store, clock } = await stage.openStoppable();
      const session = await stage.session(store, stage.ttlMs);
      clock.stepWall(stage.ttlMs);
      equal(session.remainingMs(), 0, 'what is left');
      ok(session.lost.aborted, 'it is lost');
      clock.stepWall(-stage.ttlMs);
      equal(session.remainingMs(), 0, 'what is left when the clock goes back');
    },
  },
  {
    name: 'a wall clock that is set back by an hour harms no session',
    timed: true,
    async run(stage) {
      const { store, clock } = await stage.openStoppable();
      const session = await stage.session(store, stage.ttlMs);
      clock.stepWall(-3_600_000);
      await stage.sleepWriting(2 * stage.ttlMs);
      ok(!session.lost.aborted, 'it is not lost');
      ok(session.remainingMs() <= stage.ttlMs, 'it has no more left than its time to live');
    },
  },
  {
    name: 'the time of a session counts from before it was asked for, however late the answer comes',
    async run(stage) {
      const { store, clock } = await stage.openStoppable();
      const ttlMs = 1000 * stage.ttlMs;
      const opening = store.session({ ttlMs });
      clock.stepWall(ttlMs / 2);
      const session = await stage.within('it is opened', opening);
      const leftMs = session.remainingMs();
      ok(leftMs <= ttlMs / 2, `of ${ttlMs} ms half were over when it was answered: ${leftMs} ms are left`);
      const late = store.session({ ttlMs }).then(
        ({ lost }) => lost.aborted,
        (thrown: unknown) => errorCode(thrown) === 'UNAVAILABLE',
      );
      clock.stepWall(ttlMs);
      ok(await stage.within('it settles', late), 'one whose time was over by then is none');
    },
  },
  {
    name: 'a write whose deadline passes while it is under way is unknown or done, and its repeat tells which',
    async run(stage) {
      const p = stage.partition();
      const next = operations(await stage.session());
      for (let round = 0; round < 5; round++) {
        const operation = next();
        const put = (options: object) =>
          stage.store.put(`${p}/${round}`, bytes('mine'), absent, { operation, ...options });
        const result = await stage.within('it settles', put({ deadlineMs: 1 }));
        ok(result.outcome !== 'not-applied', 'it was not refused');
        if (result.outcome === 'unknown')
          equal([result.cause.code, result.cause.outcome], ['DEADLINE_EXCEEDED', 'unknown'], 'its cause');
        const repeat = applied('the repeat', await stage.within('it is repeated', put({})));
        equal(await stage.get(`${p}/${round}`), repeat.entry, 'what stands there');
        equal(repeat.entry.created, repeat.revision, 'it was put once');
      }
    },
  },
];
