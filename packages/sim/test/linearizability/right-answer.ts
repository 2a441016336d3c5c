import { expect } from 'vitest';
import type { Model } from '../../src/linearizability/model.ts';
import { linearizationPoints } from '../../src/linearizability/linearization-points.ts';
import type { LinearizabilityResult, NotLinearizable } from '../../src/linearizability/result.ts';
import type { Operation } from '../../src/operation.ts';

/** Replays what a check claims: its order, or how far its prefix goes. */
export function expectRightAnswer<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  result: LinearizabilityResult<State>,
): void {
  if (result.verdict === 'violation') expectRightPrefix(model, history, result);
  if (result.verdict !== 'ok') return;
  const seen = new Set<number>();
  for (const { partition, order } of result.linearization) {
    replay(model, history, order);
    for (const index of order) {
      expect(model.partition?.((history[index] as Operation<Input, Output>).input)).toBe(partition);
      seen.add(index);
    }
  }
  for (const [index, { returnedAt }] of history.entries()) {
    if (returnedAt !== undefined) expect(seen.has(index), `operation ${index} is in the order`).toBe(true);
  }
}

/** Every operation that returned before the culprit is explained, and the culprit is not. */
function expectRightPrefix<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  { prefix, stuck, partition, state }: NotLinearizable<State>,
): void {
  const end = replay(model, history, prefix);
  expect(end).toEqual(state);
  const [culprit] = stuck;
  const { returnedAt } = history[culprit as number] as Operation<Input, Output>;
  expect(returnedAt).toBeDefined();
  const explained = new Set(prefix);
  for (const [index, operation] of history.entries()) {
    if (model.partition !== undefined && model.partition(operation.input) !== partition) continue;
    if ((operation.returnedAt ?? Infinity) < (returnedAt as number)) expect(explained.has(index)).toBe(true);
    if (explained.has(index)) expect(operation.invokedAt).toBeLessThanOrEqual(returnedAt as number);
  }
  for (const index of stuck) expect(explained.has(index)).toBe(false);
}

/** Takes an order's steps. Points between invocations and returns show that it keeps real time. */
function replay<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  order: Int32Array,
): State {
  expect(new Set(order).size, 'no operation twice').toBe(order.length);
  const points = linearizationPoints(history, order);
  let state = model.init();
  const lastOf = new Map<string | number, number>();
  for (const [place, index] of order.entries()) {
    const {
      input,
      output,
      process,
      invokedAt,
      returnedAt = Infinity,
    } = history[index] as Operation<Input, Output>;
    expect(points[place]).toBeGreaterThanOrEqual(invokedAt);
    expect(points[place]).toBeLessThanOrEqual(returnedAt);
    // One that never returned may take effect after what its process did next.
    if (returnedAt !== Infinity) {
      expect(lastOf.get(process) ?? -Infinity, 'calls of one process in order').toBeLessThanOrEqual(
        invokedAt,
      );
    }
    if (returnedAt !== Infinity) lastOf.set(process, returnedAt);
    const next = model.step(state, input, returnedAt === Infinity ? undefined : output);
    expect(next, `step ${place}, operation ${index}`).toBeDefined();
    state = next as State;
  }
  return state;
}
