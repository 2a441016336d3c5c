import { errorCode, sessionId } from '@quorate/core';
import { equal } from './expect.ts';
import type { StoreCase } from './store-case.ts';

/** What `observe` waits for. */
export const observeCases: readonly StoreCase[] = [
  {
    name: 'a session that never was is dead',
    async run(stage) {
      const hex = stage.partition().replaceAll('-', '');
      await stage.within('it is seen dead', stage.store.observe(sessionId(`0123${hex}`)));
    },
  },
  {
    name: 'a session that was ended is dead, for its own client and for others, however often they ask',
    async run(stage) {
      const other = await stage.open();
      const session = await stage.session();
      await session[Symbol.asyncDispose]();
      for (const store of [stage.store, other, stage.store, other]) {
        await stage.within('it is seen dead', store.observe(session.id));
      }
    },
  },
  {
    name: 'many observers of one session are all told of its end, those before it and those after',
    timed: true,
    async run(stage) {
      const other = await stage.open();
      const session = await stage.session(stage.store, Math.max(1000, stage.ttlMs));
      const observers = [...Array(60).keys()].map(index =>
        (index % 2 === 0 ? stage.store : other).observe(session.id),
      );
      await session[Symbol.asyncDispose]();
      await stage.within('all see it dead', Promise.all([...observers, other.observe(session.id)]));
    },
  },
  {
    name: 'an observer that gives up leaves the others waiting, and what it observes alive',
    async run(stage) {
      const other = await stage.open();
      const session = await stage.session();
      const controller = new AbortController();
      const waiting = other.observe(session.id);
      const outcomes = [
        other.observe(session.id, { signal: controller.signal }),
        other.observe(session.id, { deadlineMs: 30 }),
      ].map(observer =>
        observer.then(
          () => 'dead',
          (thrown: unknown) => [errorCode(thrown), (thrown as { outcome?: unknown }).outcome],
        ),
      );
      controller.abort();
      equal(
        await stage.within('it gives up', outcomes[0]!),
        ['ABORTED', 'not-applied'],
        'the one that aborts',
      );
      equal(
        await stage.within('it gives up', outcomes[1]!),
        ['DEADLINE_EXCEEDED', 'not-applied'],
        'the one with a deadline',
      );
      equal(session.lost.aborted, false, 'whether the session is lost');
      await session[Symbol.asyncDispose]();
      await stage.within('the other sees it dead', waiting);
    },
  },
  {
    name: 'observers of different sessions are told of theirs alone',
    async run(stage) {
      const other = await stage.open();
      const [one, two] = [await stage.session(), await stage.session()];
      const ofTwo = other.observe(two.id, { deadlineMs: 200 }).then(() => 'dead', errorCode);
      const ofOne = other.observe(one.id);
      await one[Symbol.asyncDispose]();
      await stage.within('the one is seen dead', ofOne);
      equal(await stage.within('the wait is over', ofTwo), 'DEADLINE_EXCEEDED', 'what the other is seen as');
    },
  },
];
