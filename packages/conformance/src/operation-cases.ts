import { errorCode, type QuorateError, type WriteResult } from '@quorate/core';
import { equal, ok } from './expect.ts';
import type { StoreCase } from './store-case.ts';
import { untilEmpty } from './session-cases.ts';
import { absent, applied, bytes, operations, textOf } from './store-stage.ts';

/** The cause of an unknown outcome. */
export function causeOf(
  what: string,
  result: { readonly outcome: string; readonly cause?: QuorateError },
): QuorateError {
  ok(
    result.outcome === 'unknown' && result.cause !== undefined,
    `${what} is unknown: received ${result.outcome}`,
  );
  equal(result.cause.outcome, 'unknown', `the outcome of the cause of ${what}`);
  return result.cause;
}

/** Operation ids: what makes a mutation repeatable. */
export const operationCases: readonly StoreCase[] = [
  {
    name: 'a put that is repeated under its operation takes effect once, and is answered as at first',
    async run(stage) {
      const key = `${stage.partition()}/a`;
      const operation = operations(await stage.session())();
      const first = await stage.put(key, 'mine', absent, { operation });
      equal(await stage.put(key, 'mine', absent, { operation }), first, 'the repeat');
      const theirs = await stage.put(key, 'theirs', { modified: first.revision });
      equal(
        await stage.put(key, 'mine', absent, { operation }),
        first,
        'the repeat after it was overwritten',
      );
      equal(await stage.get(key), theirs.entry, 'what stands there');
      await stage.delete(key, { modified: theirs.revision });
      equal(await stage.put(key, 'mine', absent, { operation }), first, 'the repeat after it was deleted');
      equal(await stage.get(key), undefined, 'what stands there then');
    },
  },
  {
    name: 'a delete that is repeated under its operation takes effect once, and is answered as at first',
    async run(stage) {
      const key = `${stage.partition()}/a`;
      const operation = operations(await stage.session())();
      const put = await stage.put(key, 'one');
      const remove = () => stage.store.delete(key, { created: put.revision }, { operation });
      const first = applied('the first', await remove());
      equal(first.entry, put.entry, 'what was deleted');
      equal(await remove(), first, 'the repeat');
      const again = await stage.put(key, 'two');
      equal(await remove(), first, 'the repeat after it was put again');
      equal(await stage.get(key), again.entry, 'what stands there');
    },
  },
  {
    name: 'an operation keeps its result with the session that its entry names',
    async run(stage) {
      const key = `${stage.partition()}/a`;
      const [session, owner] = [await stage.session(), await stage.session()];
      const operation = operations(session)();
      const put = () => stage.put(key, 'mine', absent, { operation, session: owner.id });
      const first = await put();
      equal(first.entry.session, owner.id, 'the session of the entry');
      equal(await put(), first, 'the repeat');
    },
  },
  {
    name: 'an operation may be repeated through another client, and at once: it takes effect once',
    async run(stage) {
      const key = `${stage.partition()}/a`;
      const stores = [stage.store, await stage.open(), await stage.open()];
      const operation = operations(await stage.session())();
      const before = await stage.revision(key);
      const results = await Promise.all(
        [...stores, ...stores].map(store => stage.put(key, 'mine', absent, { operation, store })),
      );
      for (const result of results) equal(result, results[0], 'what each is answered');
      ok(results[0]!.revision > before, 'it took effect');
      equal((await stage.get(key))?.modified, results[0]!.revision, 'the last change');
    },
  },
  {
    name: 'operations of different sessions, and of different partitions, have nothing to do with each other',
    async run(stage) {
      const [p, q] = [stage.partition(), stage.partition()];
      const [one, other] = [await stage.session(), await stage.session()];
      const put = (key: string, session: typeof one, sequence: number) =>
        stage.put(key, '', absent, { operation: { session: session.id, sequence } });
      await put(`${p}/one`, one, 5);
      await put(`${p}/other`, other, 5);
      await put(`${p}/other-2`, other, 6);
      await put(`${q}/one`, one, 3);
      await put(`${q}/other`, other, 1);
      equal(
        await stage.keys(`${p}/`),
        ['one', 'other', 'other-2'].map(name => `${p}/${name}`),
        'the one partition',
      );
      equal(
        await stage.keys(`${q}/`),
        ['one', 'other'].map(name => `${q}/${name}`),
        'the other',
      );
    },
  },
  {
    name: 'an operation that comes after a later one of its session is refused, and nobody knows what became of it',
    async run(stage) {
      const p = stage.partition();
      const { id } = await stage.session();
      const put = (name: string, sequence: number): Promise<WriteResult> =>
        stage.store.put(`${p}/${name}`, bytes(name), absent, { operation: { session: id, sequence } });
      const first = applied('the first', await put('a', 2));
      applied('a later one, numbers left out between', await put('b', 7));
      for (const [name, sequence] of [
        ['a', 2],
        ['never', 5],
        ['never', 1],
      ] as const) {
        const cause = causeOf(`operation ${sequence}`, await put(name, sequence));
        equal(errorCode(cause), 'OPERATION_SUPERSEDED', `the cause of operation ${sequence}`);
      }
      equal(await stage.get(`${p}/a`), first.entry, 'what the first had written');
      equal(await stage.keys(`${p}/`), [`${p}/a`, `${p}/b`], 'what stands there');
      applied('the last one, repeated', await put('b', 7));
      applied('the next', await put('c', 8));
    },
  },
  {
    name: 'an operation whose condition failed left nothing to remember: a repeat is judged anew, and earlier ones are still known',
    async run(stage) {
      const p = stage.partition();
      const { id } = await stage.session();
      const theirs = await stage.put(`${p}/a`, 'theirs');
      const before = await stage.put(`${p}/b`, '', absent, { operation: { session: id, sequence: 1 } });
      const put = () =>
        stage.store.put(`${p}/a`, bytes('mine'), absent, { operation: { session: id, sequence: 2 } });
      equal(await put(), { outcome: 'not-applied', current: theirs.entry }, 'the first time');
      equal(await put(), { outcome: 'not-applied', current: theirs.entry }, 'the second time');
      const known = await stage.put(`${p}/b`, '', absent, { operation: { session: id, sequence: 1 } });
      equal(known, before, 'the one before, repeated');
      await stage.delete(`${p}/a`, { created: theirs.revision });
      const mine = applied('the third time', await put());
      equal(await put(), mine, 'the fourth time');
    },
  },
  {
    name: 'operations are remembered for as long as their session lives, far beyond its time to live',
    timed: true,
    async run(stage) {
      const key = `${stage.partition()}/a`;
      const operation = operations(await stage.session(stage.store, stage.ttlMs))();
      const first = await stage.put(key, 'mine', absent, { operation });
      await stage.delete(key, { created: first.revision });
      await stage.sleepWriting(2 * stage.ttlMs);
      equal(await stage.put(key, 'mine', absent, { operation }), first, 'the repeat');
      equal(await stage.get(key), undefined, 'what stands there');
    },
  },
  {
    name: 'an operation of a dead session is not carried out again',
    async run(stage) {
      const p = stage.partition();
      const session = await stage.session();
      const next = operations(session);
      const [one, two] = [next(), next()];
      const mark = await stage.put(`${p}/mark`, '', absent, { session: session.id });
      const first = await stage.put(`${p}/a`, 'mine', absent, { operation: one });
      await stage.delete(`${p}/a`, { created: first.revision });
      await session[Symbol.asyncDispose]();
      await stage.within('it is seen dead', stage.store.observe(session.id));
      await untilEmpty(stage, mark.entry.key);
      for (const operation of [one, two]) {
        const result = await stage.store.put(`${p}/a`, bytes('mine'), absent, { operation });
        equal(errorCode(causeOf('what is asked for', result)), 'SESSION_LOST', 'its cause');
      }
      equal(await stage.get(`${p}/a`), undefined, 'what stands there');
    },
  },
  {
    name: 'an addition is carried out once per operation, also at once, and also after its session is dead',
    applies: capabilities => capabilities.verbs.add,
    async run(stage) {
      const key = `${stage.partition()}/n`;
      const stores = [stage.store, await stage.open()];
      const session = await stage.session();
      const next = operations(session);
      for (let count = 1; count <= 3; count++) {
        const operation = next();
        const results = await Promise.all(
          [...stores, ...stores].map(store => stage.add(key, 10n, operation, store)),
        );
        for (const result of results) equal(applied('it', result).value, BigInt(10 * count), 'each sum');
        for (const result of results) equal(result, results[0], 'what each is answered');
      }
      const last = next();
      await stage.add(key, 10n, last);
      await session[Symbol.asyncDispose]();
      await stage.within('it is seen dead', stage.store.observe(session.id));
      const late = await stage.add(key, 10n, last);
      if (late.outcome === 'applied') equal(late.value, 40n, 'the sum that was remembered');
      else equal(errorCode(causeOf('what is asked for', late)), 'SESSION_LOST', 'its cause');
      equal(textOf(await stage.get(key)), '40', 'the sum');
    },
  },
];
