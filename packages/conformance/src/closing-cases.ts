import { errorCode, type QuorateError, revision as revisionOf, type Store } from '@quorate/core';
import { equal, ok } from './expect.ts';
import { untilEmpty } from './session-cases.ts';
import type { StoreCase } from './store-case.ts';
import { absent, applied, bytes, operations, type StoreStage } from './store-stage.ts';
import { WatchRecorder } from './watch-recorder.ts';

/** What a call was refused with: its code and outcome. */
async function refusal(
  stage: StoreStage,
  what: string,
  call: () => unknown,
): Promise<readonly [string | undefined, unknown]> {
  const thrown = await stage.thrown(what, call);
  return [errorCode(thrown), (thrown as Partial<QuorateError>).outcome];
}

/** One call of every kind. */
function everyCall(
  store: Store,
  p: string,
  session: Parameters<Store['observe']>[0],
): [string, (options?: object) => Promise<unknown>][] {
  const operation = { session, sequence: 1 };
  const value = bytes('value');
  const calls: [string, (options?: object) => Promise<unknown>][] = [
    ['get', options => store.get(`${p}/a`, options)],
    ['list', options => store.list(`${p}/`, options)],
    ['put', options => store.put(`${p}/a`, value, absent, options)],
    ['delete', options => store.delete(`${p}/a`, { created: revisionOf(1) }, options)],
    ['session', options => store.session({ ttlMs: 60_000, ...options })],
    ['observe', options => store.observe(session, options)],
  ];
  const { enqueue, add, batch } = store.capabilities.verbs;
  if (enqueue) calls.push(['enqueue', options => store.enqueue!(`${p}/q/`, value, { ...options, session })]);
  if (add) calls.push(['add', options => store.add!(`${p}/n`, 1n, { ...options, operation })]);
  if (batch)
    calls.push([
      'batch',
      options =>
        store.batch!(new Map([[`${p}/a`, absent]]), [{ type: 'put', key: `${p}/b`, value }], options),
    ]);
  return calls;
}

/** Closing, deadlines and aborts. */
export const closingCases: readonly StoreCase[] = [
  {
    name: 'a store that was closed refuses every call with CLOSED, and closing again is nothing',
    async run(stage) {
      const p = stage.partition();
      const { id } = await stage.session();
      const store = await stage.open();
      await stage.within('it is closed', store[Symbol.asyncDispose]());
      await stage.within('it is closed again', store[Symbol.asyncDispose]());
      for (const [name, call] of everyCall(store, p, id)) {
        equal(await refusal(stage, `${name} of a closed store`, call), ['CLOSED', 'not-applied'], name);
      }
      const { signal } = new AbortController();
      const watching = async (): Promise<void> => {
        for await (const _ of store.watch(`${p}/`, revisionOf(0), { signal })) break;
      };
      equal((await refusal(stage, 'watch of a closed store', watching))[0], 'CLOSED', 'watch');
      equal(await stage.keys(p), [], 'what was written');
    },
  },
  {
    name: 'closing ends the watches of a client with CLOSED, and not those of another',
    async run(stage) {
      const p = stage.partition();
      const store = await stage.open();
      const from = await stage.revision(p);
      using watch = new WatchRecorder(store, `${p}/`, from);
      using other = new WatchRecorder(stage.store, `${p}/`, from);
      await stage.put(`${p}/a`);
      await stage.within(
        'it tells',
        watch.until(() => watch.events.length > 0),
      );
      await stage.within('it is closed', store[Symbol.asyncDispose]());
      await stage.within(
        'its watch ends',
        watch.until(() => watch.ended !== undefined),
      );
      equal(errorCode(watch.ended?.thrown), 'CLOSED', 'what it ended by');
      const { length } = other.events;
      await stage.put(`${p}/b`);
      await stage.within(
        'the other tells more',
        other.until(() => other.events.length > length),
      );
    },
  },
  {
    name: 'closing ends what waits for a session with CLOSED, and not what waits through another client',
    async run(stage) {
      const [store, another] = [await stage.open(), await stage.open()];
      const session = await stage.session();
      const observing = (client: Store) =>
        client.observe(session.id).then(
          () => ['dead'],
          (thrown: unknown) => [errorCode(thrown), (thrown as Partial<QuorateError>).outcome],
        );
      const [early, theirs] = [observing(store), observing(another)];
      await stage.revision(stage.partition(), store);
      const late = observing(store);
      await stage.within('it is closed', store[Symbol.asyncDispose]());
      const ends = await stage.within('its waits end', Promise.all([early, late]));
      for (const end of ends) equal(end, ['CLOSED', 'not-applied'], 'what they end by');
      await session[Symbol.asyncDispose]();
      equal(await stage.within('the other sees it dead', theirs), ['dead'], 'what the other is told');
    },
  },
  {
    name: 'closing ends the sessions of a client and deletes their entries',
    timed: true,
    async run(stage) {
      const p = stage.partition();
      const store = await stage.open();
      const [mine, another] = [await stage.session(store), await stage.session()];
      await stage.put(`${p}/mine`, '', absent, { store, session: mine.id });
      await stage.put(`${p}/another`, '', absent, { store, session: another.id });
      await stage.within('it is closed', store[Symbol.asyncDispose]());
      ok(mine.lost.aborted && mine.remainingMs() === 0, 'its session is lost');
      await stage.within('its session is seen dead', stage.store.observe(mine.id));
      await untilEmpty(stage, `${p}/mine`);
      equal(await stage.keys(p), [`${p}/another`], 'what is left');
      ok(!another.lost.aborted, 'the session of another client lives on');
    },
  },
  {
    name: 'a wait that is over before it began sends nothing, whatever the call',
    async run(stage) {
      const p = stage.partition();
      const { id } = await stage.session();
      for (const [name, call] of everyCall(stage.store, p, id)) {
        const aborted = await refusal(stage, `${name}, aborted before`, () =>
          call({ signal: AbortSignal.abort() }),
        );
        equal(aborted, ['ABORTED', 'not-applied'], `${name}, aborted before`);
        const late = await refusal(stage, `${name} within 0 ms`, () => call({ deadlineMs: 0 }));
        equal(late, ['DEADLINE_EXCEEDED', 'not-applied'], `${name} within 0 ms`);
      }
      await stage.sleep(30);
      equal(await stage.keys(p), [], 'what was written');
    },
  },
  {
    name: 'a call with a deadline and a signal that it does not need is as one without',
    async run(stage) {
      const p = stage.partition();
      const { signal } = new AbortController();
      const options = { signal, deadlineMs: 2 ** 40 };
      const result = await stage.within('it is put', stage.store.put(`${p}/a`, bytes(''), absent, options));
      equal(result.outcome, 'applied', 'what became of it');
      equal((await stage.within('it is got', stage.store.get(`${p}/a`, options)))?.key, `${p}/a`, 'get');
      const unlimited = { deadlineMs: Number.POSITIVE_INFINITY };
      equal(
        (await stage.within('it is listed', stage.store.list(`${p}/`, unlimited))).entries.length,
        1,
        'list',
      );
      const session = await stage.within('it is opened', stage.store.session({ ttlMs: 60_000, ...options }));
      ok(session.remainingMs() > 0, 'its session lives');
    },
  },
  {
    name: 'a write that was aborted while it was under way is unknown or done, and its repeat tells which',
    async run(stage) {
      const p = stage.partition();
      const next = operations(await stage.session());
      for (let round = 0; round < 5; round++) {
        const operation = next();
        const controller = new AbortController();
        const put = (options: object) =>
          stage.store.put(`${p}/${round}`, bytes('mine'), absent, { operation, ...options });
        const writing = put({ signal: controller.signal });
        controller.abort();
        const result = await stage.within('it settles', writing);
        ok(result.outcome !== 'not-applied', 'it was not refused');
        if (result.outcome === 'unknown')
          equal([result.cause.code, result.cause.outcome], ['ABORTED', 'unknown'], 'its cause');
        const repeat = applied('the repeat', await stage.within('it is repeated', put({})));
        equal(await stage.get(`${p}/${round}`), repeat.entry, 'what stands there');
        equal(repeat.entry.created, repeat.revision, 'it was put once');
      }
    },
  },
  {
    name: 'a read that was aborted while it was under way is certain, and what it asked can be asked again',
    async run(stage) {
      const p = stage.partition();
      const put = await stage.put(`${p}/a`, 'one');
      const controller = new AbortController();
      const calls = [
        stage.store.get(`${p}/a`, { signal: controller.signal }),
        stage.store.list(`${p}/`, { signal: controller.signal }),
        stage.store.session({ ttlMs: 60_000, signal: controller.signal }),
      ].map(call =>
        call.then(
          () => ['answered'],
          (thrown: unknown) => [errorCode(thrown), (thrown as QuorateError).outcome],
        ),
      );
      controller.abort();
      for (const outcome of await stage.within('all settle', Promise.all(calls))) {
        if (outcome[0] !== 'answered') equal(outcome, ['ABORTED', 'not-applied'], 'what became of it');
      }
      equal(await stage.get(`${p}/a`), put.entry, 'get');
    },
  },
];
