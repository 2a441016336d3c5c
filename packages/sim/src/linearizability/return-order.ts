import type { Operation } from '../operation.ts';
import type { Model } from './model.ts';
import type { Partition, ReadHistory } from './read-history.ts';
import { sortByTime } from './sort-by-time.ts';

/** Operations tried between two looks at the clock. */
const operationsPerTurn = 1024;

/** Places in the partition of the operations that returned, by time of return; by invocation where that is equal. */
export function* byReturn({ returnedAt }: ReadHistory, members: Int32Array): Generator<void, Int32Array> {
  const order = new Int32Array(members.length);
  const times = new Float64Array(members.length);
  let count = 0;
  for (let place = 0; place < members.length; place++) {
    const at = returnedAt[members[place] as number] as number;
    times[place] = at;
    if (at !== Number.POSITIVE_INFINITY) order[count++] = place;
  }
  return yield* sortByTime(order.subarray(0, count), times);
}

/**
 * Tries the one order that most partitions of most histories allow: that of the returns, with nothing done that did not return.
 *
 * @returns the operations in that order, as indices in the history; undefined where the model says no, which means nothing
 */
export function* inReturnOrder<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  read: ReadHistory,
  { members }: Partition,
): Generator<void, Int32Array | undefined> {
  const order = yield* byReturn(read, members);
  let state: State | undefined = model.init();
  for (let turn = 0; turn < order.length; turn++) {
    const index = members[order[turn] as number] as number;
    const operation = history[index] as Operation<Input, Output>;
    state = model.step(state as State, operation.input, operation.output);
    if (state === undefined) return undefined;
    order[turn] = index;
    if (turn % operationsPerTurn === operationsPerTurn - 1) yield;
  }
  return order;
}
