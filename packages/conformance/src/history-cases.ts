import { type BatchWrite, type Condition, listMax } from '@quorate/core';
import { Mirror } from './mirror.ts';
import type { StoreCase } from './store-case.ts';
import { type AnyCondition, anyValue, type HistoryStep, StoreHistory } from './store-history.ts';
import type { StoreStage } from './store-stage.ts';

const stepsPerHistory = 40;

type Maker = (history: StoreHistory) => Promise<HistoryStep>;

const kinds = ['absent', 'modified', 'created', 'modified'] as const satisfies (keyof AnyCondition)[];

/** A condition of any kind on a key, as both sides put it; mostly one that holds where something stands. */
function anyCondition(history: StoreHistory, key: string): readonly [Condition, Condition] {
  const isThere = history.model.get(key) !== undefined;
  const kind = isThere && history.below(5) > 0 ? kinds[1 + history.below(3)] : kinds[history.below(4)];
  return history.condition(key, kind ?? 'absent', history.below(4) === 0 ? 'stale' : 'right');
}

async function someOperation(
  history: StoreHistory,
): Promise<{ operation?: Awaited<ReturnType<StoreHistory['nextOperation']>> }> {
  return history.below(2) === 0 ? {} : { operation: await history.nextOperation() };
}

const put: Maker = async history => {
  const key = history.anyKey();
  const value = anyValue(history);
  const session = history.below(3) === 0 ? { session: (await history.anySession()).id } : {};
  const options = await someOperation(history);
  // A session that is opened anew leaves the model as it is; the condition is drawn when all else stands.
  const [model, actual] = anyCondition(history, key);
  return {
    text: `put ${key} ${JSON.stringify(model)} ${JSON.stringify({ ...session, ...options })}`,
    model: partition => partition.put({ type: 'put', key, value, ...session }, model, options.operation),
    actual: store => store.put(history.keyOf(key), value, actual, { ...session, ...options }),
  };
};

const remove: Maker = async history => {
  const key = history.anyKey();
  const options = await someOperation(history);
  const kind = history.below(2) === 0 ? 'modified' : 'created';
  const [model, actual] = history.condition(key, kind, history.below(4) === 0 ? 'stale' : 'right');
  return {
    text: `delete ${key} ${JSON.stringify(model)} ${JSON.stringify(options)}`,
    model: partition => partition.delete(key, model, options.operation),
    actual: store => store.delete(history.keyOf(key), actual, options),
  };
};

const get: Maker = async history => {
  const key = history.anyKey();
  return {
    text: `get ${key}`,
    model: partition => partition.get(key),
    actual: store => store.get(history.keyOf(key)),
  };
};

const list: Maker = async history => {
  const { partition: p } = history;
  const prefix = [p, `${p}/`, `${p}/a`, `${p}/q/`][history.below(4)] as string;
  const newestFirst = history.below(2) === 0;
  const limit = history.below(2) === 0 ? listMax : 1 + history.below(4);
  const [model, actual] = history.anyRevision();
  const isCut = history.below(2) === 0;
  return {
    text: `list ${prefix} ${JSON.stringify({ newestFirst, limit, ...(isCut ? { createdBefore: model } : {}) })}`,
    model: partition =>
      partition.list({ prefix, newestFirst, limit, createdBefore: isCut ? model : Number.POSITIVE_INFINITY })
        .entries,
    actual: async store =>
      (await store.list(prefix, { newestFirst, limit, ...(isCut ? { createdBefore: actual } : {}) })).entries,
  };
};

const enqueue: Maker = async history => {
  const prefix = `${history.partition}/q/`;
  const { id } = await history.anySession();
  const value = anyValue(history);
  const options = await someOperation(history);
  return {
    text: `enqueue ${prefix} ${JSON.stringify({ session: id, ...options })}`,
    model: partition => ({ outcome: 'applied', ...partition.enqueue(prefix, value, id, options.operation) }),
    actual: store => store.enqueue!(prefix, value, { session: id, ...options }),
  };
};

const add: Maker = async history => {
  const key = history.below(3) === 0 ? history.anyKey() : `${history.partition}/n`;
  const delta = BigInt(history.below(2000) - 1000);
  const operation = await history.nextOperation();
  return {
    text: `add ${delta} to ${key} ${JSON.stringify(operation)}`,
    model: partition => partition.add(key, delta, operation),
    actual: store => store.add!(history.keyOf(key), delta, { operation }),
  };
};

const batch: Maker = async history => {
  const options = await someOperation(history);
  const asked = new Set([0, 1, 2].slice(history.below(4)).map(() => history.anyKey()));
  const conditions = [...asked].map(key => [key, ...anyCondition(history, key)] as const);
  const written = new Set([0, 1, 2].slice(history.below(3)).map(() => history.anyKey()));
  let newCount = 0;
  const writes = [...written].flatMap((key): BatchWrite[] => {
    if (history.below(3) === 0) return [{ type: 'delete', key }];
    // The order among keys that one batch creates is nobody's promise.
    if (history.model.get(key) === undefined && newCount++ > 0) return [];
    return [{ type: 'put', key, value: anyValue(history) }];
  });
  if (conditions.length + writes.length === 0) return get(history);
  return {
    text: `batch ${JSON.stringify(conditions.map(([key, model]) => [key, model]))} ${writes.map(({ type, key }) => `${type} ${key}`).join()} ${JSON.stringify(options)}`,
    model: partition =>
      partition.batch(new Map(conditions.map(([key, model]) => [key, model])), writes, options.operation),
    actual: store =>
      store.batch!(
        new Map(conditions.map(([key, , actual]) => [history.keyOf(key), actual])),
        writes.map(write => history.writeOf(write)),
        options,
      ),
  };
};

/** What a history is made of, weighted by how often it stands here. */
function makers(stage: StoreStage): readonly Maker[] {
  const { verbs } = stage.capabilities;
  const optional = [
    verbs.enqueue ? enqueue : [],
    verbs.add ? [add, add] : [],
    verbs.batch ? [batch, batch] : [],
  ];
  return [put, put, put, put, put, remove, remove, get, list, list, ...optional.flat()];
}

async function play(stage: StoreStage, stores: StoreStage['store'][]): Promise<void> {
  const history = new StoreHistory(stage, stores);
  using mirror = new Mirror(stores.at(-1) as StoreStage['store'], history.partition, stage.clock);
  const kinds = makers(stage);
  let last: HistoryStep[] = [];
  for (let count = 0; count < stepsPerHistory; count++) {
    if (history.below(15) === 0) {
      await history.endSession();
      // Whoever repeats operations of a dead session is told so, or of something that is about to go.
      last = [];
    } else if (last.length > 0 && history.below(5) === 0) {
      await history.take(last[history.below(last.length)] as HistoryStep);
    } else {
      const step = await (kinds[history.below(kinds.length)] as Maker)(history);
      if (step.text.includes('sequence')) last = [step, ...last].slice(0, 3);
      await history.take(step);
    }
  }
  const { entries } = await stage.store.list(history.partition);
  history.compare(history.truth, entries, 'what stands there in the end');
  await stage.within('a watcher has what is there', mirror.until(entries));
}

/** Random histories. */
export const historyCases: readonly StoreCase[] = [
  {
    name: 'random histories of several clients go as a partition does that is a plain state machine',
    async run(stage) {
      const stores = [stage.store, await stage.open(), await stage.open()];
      for (let count = 0; count < (stage.subject.histories ?? 5); count++) await play(stage, stores);
    },
  },
];
