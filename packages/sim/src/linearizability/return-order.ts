import type { Operation } from '../operation.ts';
import type { Model } from './model.ts';
import type { Partition, ReadHistory } from './read-history.ts';

/** Operations tried between two looks at the clock. */
const operationsPerTurn = 1024;
/** Moves per operation after which a partition is sorted the slow way: histories are nearly sorted by return. */
const movesPerOperation = 16;

/** Places in the partition of the operations that returned, by time of return; by invocation where that is equal. */
export function byReturn({ returnedAt }: ReadHistory, members: Int32Array): Int32Array {
  const order = new Int32Array(members.length);
  let count = 0;
  let moves = movesPerOperation * members.length;
  for (let place = 0; place < members.length; place++) {
    const at = returnedAt[members[place] as number] as number;
    if (at === Number.POSITIVE_INFINITY) continue;
    let to = count++;
    while (to > 0 && moves > 0 && (returnedAt[members[order[to - 1] as number] as number] as number) > at) {
      order[to] = order[to - 1] as number;
      to--;
      moves--;
    }
    order[to] = place;
  }
  const returned = order.subarray(0, count);
  if (moves > 0) return returned;
  return returned.sort((a, b) => {
    const first = returnedAt[members[a] as number] as number;
    return first - (returnedAt[members[b] as number] as number) || a - b;
  });
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
  const order = byReturn(read, members);
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
