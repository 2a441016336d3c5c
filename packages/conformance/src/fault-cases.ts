import { type Applied, errorCode, type QuorateError, type Store } from '@quorate/core';
import { equal, ok } from './expect.ts';
import { Mirror } from './mirror.ts';
import type { StoreCase } from './store-case.ts';
import { untilEmpty } from './session-cases.ts';
import { absent, applied, bytes, operations, type StoreStage, textOf } from './store-stage.ts';

/** Calls until the store can be reached and knows. */
async function settled<Result extends { readonly outcome: string }>(
  stage: StoreStage,
  call: () => Promise<Result>,
): Promise<Extract<Result, { readonly outcome: 'applied' }>> {
  for (;;) {
    try {
      const result = await call();
      if (result.outcome !== 'unknown') return applied('what is repeated', result);
    } catch (thrown) {
      if (!['UNAVAILABLE', 'DEADLINE_EXCEEDED'].includes(errorCode(thrown) ?? '')) throw thrown;
    }
    await stage.sleep(20);
  }
}

/** What `get` gives, once it is answered. */
function answered<Result>(stage: StoreStage, call: () => Promise<Result>): Promise<Result> {
  return settled(stage, async () => ({ outcome: 'applied' as const, result: await call() })).then(
    ({ result }) => result,
  );
}

/** Puts a key that nobody has tried to put, until one is there. */
function putAnew(stage: StoreStage, p: string): Promise<Applied> {
  let attempts = 0;
  return settled(stage, () =>
    stage.store.put(`${p}/new-${++attempts}`, bytes(''), absent, { deadlineMs: 2000 }),
  );
}

/**
 * Breaks the connections of `store` again and again until all is done, and waits twice as long whenever nothing got through
 * since the last time: a busy machine may take longer to connect again than a quiet one takes for ten writes.
 */
async function severing(
  stage: StoreStage,
  store: Store,
  progress: { readonly count: number; readonly isDone: boolean },
): Promise<void> {
  for (let pauseMs = 15, before = 0; !progress.isDone; before = progress.count) {
    await stage.subject.sever?.(store);
    await stage.sleep(pauseMs + stage.random.below(30));
    pauseMs = progress.count === before ? pauseMs * 2 : 15;
  }
}

/** Links that fail, and servers that end. */
export const faultCases: readonly StoreCase[] = [
  {
    name: 'behind a link that is cut every call settles by its deadline, reads for certain and writes as unknown or not applied',
    needs: ['cut'],
    async run(stage) {
      const p = stage.partition();
      const store = await stage.open();
      const next = operations(await stage.session());
      const entry = (await stage.put(`${p}/a`, 'one')).entry;
      await stage.get(`${p}/a`, store);
      await stage.subject.cut?.(store);
      const operation = next();
      const reads = [store.get(`${p}/a`, { deadlineMs: 300 }), store.list(`${p}/`, { deadlineMs: 300 })];
      const causes = reads.map(read =>
        read.then(
          () => 'answered',
          (thrown: QuorateError) => thrown.outcome,
        ),
      );
      const writing = store.put(`${p}/b`, bytes('b'), absent, { operation, deadlineMs: 300 }).then(
        ({ outcome }) => outcome,
        (thrown: QuorateError) => thrown.outcome,
      );
      equal(
        await stage.within('reads settle', Promise.all(causes)),
        ['not-applied', 'not-applied'],
        'the reads',
      );
      const outcome = await stage.within('the write settles', writing);
      ok(outcome === 'unknown' || outcome === 'not-applied', `what became of the write: ${outcome}`);
      await stage.subject.heal?.(store);
      const put = await stage.within(
        'the write is repeated',
        settled(stage, () => store.put(`${p}/b`, bytes('b'), absent, { operation, deadlineMs: 500 })),
      );
      equal(await stage.get(`${p}/b`), put.entry, 'what the write left');
      equal(put.entry.created, put.revision, 'it was carried out once');
      equal(await stage.get(`${p}/a`, store), entry, 'what stands beside it');
    },
  },
  {
    name: 'behind a link that is cut a session is given up by its owner before anybody sees it dead',
    timed: true,
    needs: ['cut'],
    async run(stage) {
      const p = stage.partition();
      const store = await stage.open();
      const session = await stage.session(store, stage.ttlMs);
      await stage.put(`${p}/a`, '', absent, { store, session: session.id });
      const order: string[] = [];
      const observing = stage.store.observe(session.id).then(() => order.push('seen dead'));
      const lost = new Promise<void>(resolve => {
        session.lost.addEventListener('abort', () => {
          order.push('lost');
          resolve();
        });
      });
      await stage.subject.cut?.(store);
      await stage.within('its owner gives it up by itself', lost);
      equal(errorCode(session.lost.reason), 'SESSION_LOST', 'why it is lost');
      await stage.within('it is seen dead', observing);
      equal(order, ['lost', 'seen dead'], 'what came first');
      await untilEmpty(stage, `${p}/`);
      await stage.subject.heal?.(store);
      await stage.within(
        'its owner can open another',
        answered(stage, () => store.session({ ttlMs: 60_000, deadlineMs: 500 })),
      );
      equal(session.remainingMs(), 0, 'what is left of the first');
    },
  },
  {
    name: 'a watch behind a link that was cut goes on: what it missed it tells, or that it missed it',
    needs: ['cut'],
    async run(stage) {
      const p = stage.partition();
      const store = await stage.open();
      using mirror = new Mirror(store, `${p}/`, stage.clock);
      const first = await stage.put(`${p}/a`, 'one');
      await stage.within('it has the first', mirror.until([first.entry]));
      await stage.subject.cut?.(store);
      await stage.delete(`${p}/a`, { created: first.revision });
      for (let count = 0; count < 20; count++) await stage.put(`${p}/${count}`);
      await stage.sleep(50);
      await stage.subject.heal?.(store);
      await stage.within('it has what is there', mirror.until((await stage.store.list(`${p}/`)).entries));
      await stage.put(`${p}/later`);
      await stage.within('it goes on', mirror.until((await stage.store.list(`${p}/`)).entries));
    },
  },
  {
    name: 'connections that break again and again lose no write that was answered and repeat none',
    needs: ['sever'],
    async run(stage) {
      const p = stage.partition();
      const store = await stage.open();
      using mirror = new Mirror(store, `${p}/`, stage.clock);
      const session = await stage.session();
      const progress = { count: 0, isDone: false };
      const writing = async (): Promise<void> => {
        for (let sequence = 1; sequence <= 40; sequence++) {
          const operation = { session: session.id, sequence };
          await settled(stage, () =>
            store.put(`${p}/${sequence}`, bytes('x'), absent, { operation, deadlineMs: 500 }),
          );
          progress.count++;
        }
        progress.isDone = true;
      };
      await stage.within('all is written', Promise.all([severing(stage, store, progress), writing()]));
      const { entries } = await stage.store.list(`${p}/`);
      equal(
        entries.map(({ key }) => key),
        [...Array(40).keys()].map(index => `${p}/${index + 1}`),
        'what stands there',
      );
      ok(
        entries.every(({ created, modified }) => created === modified),
        'each was put once',
      );
      await stage.within('a watcher on the same link has what is there', mirror.until(entries));
    },
  },
  {
    name: 'additions over connections that break again and again are each carried out once',
    applies: ({ verbs }) => verbs.add,
    needs: ['sever'],
    async run(stage) {
      const key = `${stage.partition()}/n`;
      const store = await stage.open();
      const session = await stage.session();
      const progress = { count: 0, isDone: false };
      const adding = async (): Promise<void> => {
        for (let sequence = 1; sequence <= 40; sequence++) {
          const operation = { session: session.id, sequence };
          const { value } = await settled(stage, () => store.add!(key, 1n, { operation, deadlineMs: 500 }));
          equal(value, BigInt(sequence), 'the sum');
          progress.count++;
        }
        progress.isDone = true;
      };
      await stage.within('all is added', Promise.all([severing(stage, store, progress), adding()]));
      equal(textOf(await stage.get(key)), '40', 'the sum');
    },
  },
  {
    name: 'what was acknowledged outlives the server, and revisions go on',
    applies: ({ durability }) => durability !== 'memory',
    needs: ['restart'],
    exclusive: true,
    async run(stage) {
      const p = stage.partition();
      using mirror = new Mirror(stage.store, `${p}/`, stage.clock);
      const kept = [];
      for (let count = 0; count < 10; count++)
        kept.push((await stage.put(`${p}/${count}`, `${count}`)).entry);
      const gone = await stage.put(`${p}/gone`);
      const last = await stage.delete(`${p}/gone`, { created: gone.revision });
      await stage.within('the server ends and starts again', stage.subject.restart!());
      const listing = await stage.within(
        'it can be reached',
        answered(stage, () => stage.store.list(`${p}/`, { deadlineMs: 500 })),
      );
      equal(listing.entries, kept, 'what stands there');
      const next = await stage.within('it is put', putAnew(stage, p));
      ok(next.revision > last.revision, `revisions go on: ${next.revision} after ${last.revision}`);
      await stage.within('a watcher goes on', mirror.until((await stage.store.list(`${p}/`)).entries));
    },
  },
  {
    name: 'operations are still known after the server has started again',
    applies: ({ durability }) => durability !== 'memory',
    needs: ['restart'],
    exclusive: true,
    async run(stage) {
      const p = stage.partition();
      const operation = operations(await stage.session(stage.store, 120_000))();
      const put = (limits = {}) => stage.store.put(`${p}/a`, bytes('mine'), absent, { operation, ...limits });
      const first = applied('the first', await stage.within('it is put', put()));
      await stage.delete(`${p}/a`, { created: first.revision });
      await stage.within('the server ends and starts again', stage.subject.restart!());
      const repeat = async (): Promise<unknown> => {
        for (;;) {
          const result = await answered(stage, () => put({ deadlineMs: 2000 }));
          if (result.outcome !== 'unknown' || result.cause.code === 'SESSION_LOST') return result;
          await stage.sleep(20);
        }
      };
      const result = (await stage.within('it is repeated', repeat())) as
        | typeof first
        | { outcome: 'unknown' };
      if (result.outcome === 'applied') equal(result, first, 'the repeat');
      const entry = await stage.within(
        'it is got',
        answered(stage, () => stage.store.get(`${p}/a`, { deadlineMs: 500 })),
      );
      equal(entry, undefined, 'what stands there');
    },
  },
  {
    name: 'where the data was lost, revisions are larger than any before, so that old fencing tokens stay refused',
    applies: ({ fenceSurvivesLoss }) => fenceSurvivesLoss,
    needs: ['lose'],
    exclusive: true,
    async run(stage) {
      const p = stage.partition();
      let last = await stage.put(`${p}/a`, '0');
      for (let count = 0; count < 50; count++)
        last = await stage.put(`${p}/a`, `${count}`, { modified: last.revision });
      await stage.within('the server ends and starts again with nothing', stage.subject.lose!());
      const next = await stage.within('it is put', putAnew(stage, p));
      ok(next.revision > last.revision, `revisions go on: ${next.revision} after ${last.revision}`);
    },
  },
];
