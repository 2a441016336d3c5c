import type { Model } from '../../src/linearizability/model.ts';
import type { Operation } from '../../src/operation.ts';

/**
 * The definition, tried order by order: exponential, and too plain to be wrong. Calls of one process at the same time follow
 * each other by their place in the history; other touching intervals overlap.
 */
export function bruteForce<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
): boolean {
  const keys = new Set(history.map(({ input }) => model.partition?.(input)));
  return [...keys].every(key =>
    bruteForcePart(
      model,
      history.filter(({ input }) => model.partition?.(input) === key),
    ),
  );
}

function bruteForcePart<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
): boolean {
  const precedes = (a: number, b: number): boolean => {
    const first = history[a] as Operation;
    const second = history[b] as Operation;
    if (first.returnedAt === undefined) return false;
    if (first.returnedAt !== second.invokedAt) return first.returnedAt < second.invokedAt;
    return first.process === second.process && (first.invokedAt < second.invokedAt || a < b);
  };
  const goOn = (state: State, left: readonly number[]): boolean => {
    if (left.every(index => history[index]?.returnedAt === undefined)) return true;
    return left.some(index => {
      if (left.some(other => other !== index && precedes(other, index))) return false;
      const { input, output, returnedAt } = history[index] as Operation<Input, Output>;
      const next = model.step(state, input, returnedAt === undefined ? undefined : output);
      if (next === undefined) return false;
      return goOn(
        next,
        left.filter(other => other !== index),
      );
    });
  };
  return goOn(
    model.init(),
    history.map((_, index) => index),
  );
}

/** How many returns, in their order, the longest linearizable prefix explains: what is open at its end may take effect or not. */
export function returnsExplained<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
): number {
  const ends = history.flatMap(({ returnedAt }) => (returnedAt === undefined ? [] : [returnedAt]));
  ends.sort((a, b) => a - b);
  for (let explained = ends.length; explained > 0; explained--) {
    const end = ends[explained - 1] as number;
    const seen = history.filter(({ invokedAt }) => invokedAt <= end);
    if (bruteForcePrefix(model, seen, end)) return explained;
  }
  return 0;
}

/** As {@link bruteForce}, but what returns after `end` need not take effect; where it does, with the answer that it will give. */
function bruteForcePrefix<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  end: number,
): boolean {
  const goOn = (state: State, left: readonly Operation<Input, Output>[]): boolean => {
    if (left.every(({ returnedAt = Infinity }) => returnedAt > end)) return true;
    return left.some(one => {
      if (left.some(({ returnedAt = Infinity }) => returnedAt < one.invokedAt)) return false;
      const next = model.step(state, one.input, one.returnedAt === undefined ? undefined : one.output);
      return (
        next !== undefined &&
        goOn(
          next,
          left.filter(other => other !== one),
        )
      );
    });
  };
  return goOn(model.init(), history);
}
