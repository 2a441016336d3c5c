import { type Random, seededRandom } from '@quorate/core';
import type { Operation } from '../../src/operation.ts';

/** An atomic object: does the input and answers. */
export type AtomicObject<Input, Output> = (input: Input) => Output;

export interface HistoryShape {
  readonly seed: number;
  readonly operations: number;
  readonly processes: number;
  /** Share of operations whose answer gets lost: half of these took effect. */
  readonly lost?: number;
  /** The longest an operation takes; at 0 each is a point of its own. Default 8. */
  readonly durationMax?: number;
  /** The shortest time from a process's return to its next call. Default 0. */
  readonly gapMin?: number;
}

/**
 * A history that is linearizable, because a real object made it: every operation takes effect at a point of its own between
 * invocation and return, drawn at random. Times are whole numbers and often equal.
 */
export function generateHistory<Input, Output>(
  make: () => AtomicObject<Input, Output>,
  draw: (random: Random) => Input,
  { seed, operations, processes, lost = 0, durationMax = 8, gapMin = 0 }: HistoryShape,
): Operation<Input, Output>[] {
  const random = seededRandom(seed);
  const next = new Array<number>(processes).fill(0);
  const planned = Array.from({ length: operations }, (_, index) => {
    const process = random.below(processes);
    const invokedAt = (next[process] as number) + gapMin + random.below(3);
    const point = invokedAt + random.below(durationMax + 1);
    const returnedAt = point + random.below(durationMax + 1);
    next[process] = returnedAt;
    const fate = random.float() < lost ? (random.below(2) === 0 ? 'never' : 'unanswered') : 'answered';
    return { index, process, invokedAt, point, returnedAt, fate, input: draw(random) };
  });
  const object = make();
  const outputs = new Map<number, Output>();
  // At equal points the calls of one process keep their order, for they were planned in it.
  for (const { index, fate, input } of [...planned].sort((a, b) => a.point - b.point || a.index - b.index)) {
    if (fate !== 'never') outputs.set(index, object(input));
  }
  return planned.map(({ index, process, invokedAt, returnedAt, fate, input }) => {
    if (fate !== 'answered') return { process, input, invokedAt };
    return { process, input, invokedAt, returnedAt, output: outputs.get(index) as Output };
  });
}
