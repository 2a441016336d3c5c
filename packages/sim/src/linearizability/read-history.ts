import type { Operation } from '../operation.ts';
import type { Model, PartitionKey } from './model.ts';
import { sortByTime } from './sort-by-time.ts';

/** Operations read between two looks at the clock. */
const operationsPerTurn = 4096;

/** A history that was found well formed, as columns, and cut into partitions. Operations go by their index in the history. */
export interface ReadHistory {
  readonly count: number;
  readonly invokedAt: Float64Array;
  /** `Infinity` where the operation never returned. */
  readonly returnedAt: Float64Array;
  /**
   * For an operation that was invoked at the very time at which its process's last one returned: that one; else -1. Absent
   * where there is none such.
   */
  readonly follows: Int32Array | undefined;
  /** In the order in which the partitions were first touched. */
  readonly partitions: readonly Partition[];
}

export interface Partition {
  /** Absent where the model has no partitions. */
  readonly key: PartitionKey | undefined;
  /** By time of invocation. */
  readonly members: Int32Array;
}

/**
 * Validates a history and cuts it by the model's partitions; yields now and then so that a deadline can be kept.
 *
 * @throws RangeError for times that are no finite numbers, a return before its invocation, overlapping calls of one process
 * @throws TypeError from the model's own `validate`
 */
export function* readHistory<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
): Generator<void, ReadHistory> {
  const count = history.length;
  const invokedAt = new Float64Array(count);
  const returnedAt = new Float64Array(count);
  let sorted = true;
  let last = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < count; index++) {
    const operation = history[index] as Operation<Input, Output>;
    readTimes(operation, index, invokedAt, returnedAt);
    model.validate?.(operation);
    const at = invokedAt[index] as number;
    sorted &&= at >= last;
    last = at;
    if (index % operationsPerTurn === operationsPerTurn - 1) yield;
  }
  let order: Int32Array = new Int32Array(count);
  for (let index = 0; index < count; index++) order[index] = index;
  if (!sorted) order = yield* sortByTime(order, invokedAt);
  const times = { count, invokedAt, returnedAt };
  const follows = yield* readProcesses(history, order, times);
  return { ...times, follows, partitions: yield* cut(model, history, order) };
}

function readTimes(
  operation: Operation,
  index: number,
  invokedAt: Float64Array,
  returnedAt: Float64Array,
): void {
  const invoked = operation.invokedAt;
  const returned = operation.returnedAt;
  if (!Number.isFinite(invoked)) {
    throw new RangeError(`${nameOf(operation, index)} must be invoked at a finite time: received ${invoked}`);
  }
  if (returned !== undefined) {
    if (!Number.isFinite(returned)) {
      throw new RangeError(
        `${nameOf(operation, index)} must return at a finite time, or have no time of return: received ${returned}`,
      );
    }
    if (returned < invoked) {
      throw new RangeError(
        `${nameOf(operation, index)} must return after its invocation at ${invoked}: received ${returned}`,
      );
    }
  }
  invokedAt[index] = invoked;
  returnedAt[index] = returned ?? Number.POSITIVE_INFINITY;
}

function nameOf(operation: Operation, index: number): string {
  return `Operation ${index} of process ${JSON.stringify(operation.process)}`;
}

/** Finds calls of one process that overlap, and those that follow each other at the same time. */
function* readProcesses(
  history: readonly Operation[],
  order: Int32Array,
  { count, invokedAt, returnedAt }: Pick<ReadHistory, 'count' | 'invokedAt' | 'returnedAt'>,
): Generator<void, Int32Array | undefined> {
  const numbers = new Map<string | number, number>();
  /** By the number of a process: its last call that returned, or -1. */
  const lastOf: number[] = [];
  let follows: Int32Array | undefined;
  for (let place = 0; place < count; place++) {
    const index = order[place] as number;
    const operation = history[index] as Operation;
    let number = numbers.get(operation.process);
    if (number === undefined) {
      number = lastOf.push(-1) - 1;
      numbers.set(operation.process, number);
    }
    const last = lastOf[number] as number;
    if (returnedAt[index] !== Number.POSITIVE_INFINITY) lastOf[number] = index;
    if (place % operationsPerTurn === operationsPerTurn - 1) yield;
    if (last === -1) continue;
    const lastReturn = returnedAt[last] as number;
    const invoked = invokedAt[index] as number;
    if (lastReturn < invoked) continue;
    if (lastReturn > invoked) {
      throw new RangeError(
        `${nameOf(operation, index)} must not overlap operation ${last} of the same process, which returned at ${lastReturn}: received an invocation at ${invoked}`,
      );
    }
    follows ??= new Int32Array(count).fill(-1);
    follows[index] = last;
  }
  return follows;
}

function* cut<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  order: Int32Array,
): Generator<void, Partition[]> {
  if (model.partition === undefined) {
    return order.length === 0 ? [] : [{ key: undefined, members: order }];
  }
  const numbers = new Map<PartitionKey, number>();
  const numberOf = new Int32Array(order.length);
  const sizes: number[] = [];
  for (let place = 0; place < order.length; place++) {
    const { input } = history[order[place] as number] as Operation<Input, Output>;
    const key = model.partition(input);
    let number = numbers.get(key);
    if (number === undefined) {
      number = sizes.push(0) - 1;
      numbers.set(key, number);
    }
    numberOf[place] = number;
    sizes[number] = (sizes[number] as number) + 1;
    if (place % operationsPerTurn === operationsPerTurn - 1) yield;
  }
  return place(order, numberOf, sizes, [...numbers.keys()]);
}

/** All members in one array, partition after partition, of which each partition has its stretch. */
function place(
  order: Int32Array,
  numberOf: Int32Array,
  sizes: readonly number[],
  keys: readonly PartitionKey[],
): Partition[] {
  const all = new Int32Array(order.length);
  const next = new Int32Array(sizes.length);
  for (let number = 1; number < sizes.length; number++) {
    next[number] = (next[number - 1] as number) + (sizes[number - 1] as number);
  }
  const partitions = keys.map((key, number) => {
    const start = next[number] as number;
    return { key, members: all.subarray(start, start + (sizes[number] as number)) };
  });
  for (let index = 0; index < order.length; index++) {
    const number = numberOf[index] as number;
    const at = next[number] as number;
    all[at] = order[index] as number;
    next[number] = at + 1;
  }
  return partitions;
}
