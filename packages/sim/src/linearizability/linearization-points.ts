import type { Operation } from '../operation.ts';

/**
 * When each operation of an order may have taken effect: times between its invocation and its return, the earliest that keep
 * the order. Points of several partitions, put together by time, are an order of the whole history.
 *
 * @param order - of a right linearization, or of a violation's prefix
 * @returns one time for each operation of the order, in the unit of the history; they never go down
 */
export function linearizationPoints(history: readonly Operation[], order: Int32Array): Float64Array {
  const points = new Float64Array(order.length);
  let point = Number.NEGATIVE_INFINITY;
  for (let place = 0; place < order.length; place++) {
    const { invokedAt } = history[order[place] as number] as Operation;
    if (invokedAt > point) point = invokedAt;
    points[place] = point;
  }
  return points;
}
