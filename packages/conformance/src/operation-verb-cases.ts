import { errorCode, type OperationId, type SessionId } from '@quorate/core';
import { equal } from './expect.ts';
import { causeOf } from './operation-cases.ts';
import { untilEmpty } from './session-cases.ts';
import type { StoreCase } from './store-case.ts';
import { absent, applied, bytes, operations, type StoreStage } from './store-stage.ts';

type Result = { readonly outcome: string };

/** A change of each kind to what stands under a prefix, which may name an operation. */
const changes: Readonly<
  Record<
    'put' | 'delete' | 'enqueue' | 'add' | 'batch',
    (stage: StoreStage, p: string, operation: OperationId, session: SessionId) => Promise<Result>
  >
> = {
  put: ({ store }, p, operation) => store.put(`${p}/new`, bytes('mine'), absent, { operation }),
  async delete(stage, p, operation) {
    const created = (await stage.get(`${p}/number`))?.created ?? (1 as never);
    return stage.store.delete(`${p}/number`, { created }, { operation });
  },
  enqueue: ({ store }, p, operation, session) =>
    store.enqueue!(`${p}/queue/`, bytes('mine'), { operation, session }),
  add: ({ store }, p, operation) => store.add!(`${p}/number`, 1n, { operation }),
  batch: ({ store }, p, operation) =>
    store.batch!(new Map(), [{ type: 'put', key: `${p}/number`, value: bytes('mine') }], { operation }),
};

const kinds = ['put', 'delete', 'enqueue', 'add', 'batch'] as const;

type Kind = (typeof kinds)[number];

/** Where there is such a verb. */
function knows(kind: Kind): NonNullable<StoreCase['applies']> {
  return ({ verbs }) => kind === 'put' || kind === 'delete' || verbs[kind];
}

const superseding = kinds.map(
  (kind): StoreCase => ({
    name: `an operation that is remembered supersedes an earlier ${kind} that comes late`,
    applies: knows(kind),
    async run(stage) {
      const p = stage.partition();
      const session = await stage.session();
      const next = operations(session);
      const [early, late] = [next(), next()];
      await stage.put(`${p}/number`, '1');
      await stage.put(`${p}/other`, '', absent, { operation: late });
      const before = await stage.store.list(`${p}/`);
      const result = await stage.within('it is answered', changes[kind](stage, p, early, session.id));
      equal(errorCode(causeOf('what comes late', result)), 'OPERATION_SUPERSEDED', 'its cause');
      equal(await stage.store.list(`${p}/`), before, 'what stands there');
    },
  }),
);

const outliving = kinds.map(
  (kind): StoreCase => ({
    name: `a ${kind} under an operation of a dead session is not carried out`,
    applies: knows(kind),
    async run(stage) {
      const p = stage.partition();
      const [session, owner] = [await stage.session(), await stage.session()];
      const operation = operations(session)();
      const mark = await stage.put(`${p}/mark`, '', absent, { session: session.id });
      await stage.put(`${p}/number`, '1');
      await session[Symbol.asyncDispose]();
      await stage.within('it is seen dead', stage.store.observe(session.id));
      await untilEmpty(stage, mark.entry.key);
      const before = await stage.store.list(`${p}/`);
      const result = await stage.within('it is answered', changes[kind](stage, p, operation, owner.id));
      equal(errorCode(causeOf('what is asked for', result)), 'SESSION_LOST', 'its cause');
      equal(await stage.store.list(`${p}/`), before, 'what stands there');
    },
  }),
);

/** Operation ids of every kind of change. */
export const operationVerbCases: readonly StoreCase[] = [
  ...superseding,
  ...outliving,
  {
    name: 'a delete whose condition failed is judged anew when it is repeated',
    async run(stage) {
      const key = `${stage.partition()}/a`;
      const operation = operations(await stage.session())();
      const first = await stage.put(key, 'one');
      const second = await stage.put(key, 'two', { modified: first.revision });
      const remove = () => stage.store.delete(key, { modified: first.revision }, { operation });
      equal(await remove(), { outcome: 'not-applied', current: second.entry }, 'the first time');
      await stage.delete(key, { modified: second.revision });
      equal(await remove(), { outcome: 'not-applied' }, 'the second time');
      const third = await stage.put(key, 'three');
      const last = await stage.store.delete(key, { modified: third.revision }, { operation });
      equal(applied('the third time', last).entry, third.entry, 'what was deleted');
    },
  },
  {
    name: 'a batch whose condition failed is judged anew when it is repeated',
    applies: ({ verbs }) => verbs.batch,
    async run(stage) {
      const p = stage.partition();
      const operation = operations(await stage.session())();
      const theirs = await stage.put(`${p}/a`, 'theirs');
      const batch = () =>
        stage.batch([[`${p}/a`, absent]], [{ type: 'put', key: `${p}/a`, value: bytes('mine') }], {
          operation,
        });
      const refused = { outcome: 'not-applied', key: `${p}/a`, current: theirs.entry };
      equal(await batch(), refused, 'the first time');
      equal(await batch(), refused, 'the second time');
      await stage.delete(`${p}/a`, { created: theirs.revision });
      const mine = applied('the third time', await batch());
      equal(await batch(), mine, 'the fourth time');
    },
  },
  {
    name: 'a queue and a batch that name a dead session are refused, or go the way of its entries',
    applies: ({ verbs }) => verbs.enqueue || verbs.batch,
    async run(stage) {
      const p = stage.partition();
      const ended = await stage.session();
      const session = ended.id;
      await ended[Symbol.asyncDispose]();
      await stage.within('it is seen dead', stage.store.observe(session));
      const { enqueue, batch } = stage.capabilities.verbs;
      const write = { type: 'put' as const, key: `${p}/a`, value: bytes(''), session };
      if (enqueue) await refusedOrDone(stage, () => stage.store.enqueue!(`${p}/q/`, bytes(''), { session }));
      if (batch) await refusedOrDone(stage, () => stage.store.batch!(new Map(), [write]));
      await untilEmpty(stage, `${p}/`);
    },
  },
];

async function refusedOrDone(stage: StoreStage, call: () => Promise<Result>): Promise<void> {
  try {
    await stage.within('it is answered', call());
  } catch (thrown) {
    if (errorCode(thrown) !== 'SESSION_LOST') throw thrown;
    equal((thrown as { outcome?: unknown }).outcome, 'not-applied', 'the outcome of its refusal');
  }
}
