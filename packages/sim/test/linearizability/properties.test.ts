import { type Random, seededRandom } from '@quorate/core';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkLinearizabilitySync } from '../../src/linearizability/check-linearizability.ts';
import type { Model } from '../../src/linearizability/model.ts';
import { counter } from '../../src/linearizability/models/counter.ts';
import { fifoQueue } from '../../src/linearizability/models/fifo-queue.ts';
import { keyValue } from '../../src/linearizability/models/key-value.ts';
import { lock } from '../../src/linearizability/models/lock.ts';
import { register } from '../../src/linearizability/models/register.ts';
import { set, setByElement } from '../../src/linearizability/models/set.ts';
import type { Operation } from '../../src/operation.ts';
import { bruteForce, returnsExplained } from './brute-force.ts';
import { type AtomicObject, generateHistory } from './generated-history.ts';
import {
  counterObject,
  drawCounter,
  drawKeyValue,
  drawLock,
  drawQueue,
  drawRegister,
  drawSet,
  keyValueObject,
  lockObject,
  queueObject,
  registerObject,
  setObject,
} from './objects.ts';
import { expectRightAnswer } from './right-answer.ts';

const isLong = process.env['QUORATE_LONG'] !== undefined;
const largeRuns = isLong ? 2000 : 60;
const smallRuns = isLong ? 50_000 : 1500;

interface Subject<State, Input, Output> {
  readonly model: Model<State, Input, Output>;
  readonly object: () => AtomicObject<Input, Output>;
  readonly draw: (random: Random) => Input;
}

function drawElement(random: Random): ReturnType<typeof drawSet> {
  const input = drawSet(random);
  return input.type === 'members' ? { type: 'has', element: 0 } : input;
}

/** What holds for every model. */
function propertiesOf<State, Input, Output>(name: string, subject: Subject<State, Input, Output>): void {
  const { model, object, draw } = subject;
  describe(name, () => {
    test('what an atomic object did is accepted, and the order that is returned replays', () => {
      fc.assert(
        fc.property(
          fc.nat(),
          fc.integer({ min: 1, max: 6 }),
          fc.double({ min: 0, max: 0.08, noNaN: true }),
          (seed, processes, lost) => {
            const history = generateHistory(object, draw, { seed, operations: 40, processes, lost });
            const result = checkLinearizabilitySync(model, history);
            expect(result.verdict).toBe('ok');
            expectRightAnswer(model, history, result);
          },
        ),
        { numRuns: largeRuns },
      );
    });

    test('small histories with wrong answers are judged as by brute force', () => {
      const verdicts = { ok: 0, violation: 0 };
      fc.assert(
        fc.property(fc.nat(), fc.integer({ min: 1, max: 4 }), (seed, processes) => {
          const shape = { seed, operations: 7, processes, lost: 0.2, durationMax: 4 };
          const history = mutate(generateHistory(object, draw, shape), seededRandom(seed).fork('mutation'));
          const result = checkLinearizabilitySync(model, history);
          expect(result.verdict).toBe(bruteForce(model, history) ? 'ok' : 'violation');
          if (result.verdict !== 'unknown') verdicts[result.verdict]++;
          expectRightAnswer(model, history, result);
        }),
        { numRuns: smallRuns },
      );
      // Mutations that never break anything, or always do, would test nothing.
      expect(Math.min(verdicts.ok, verdicts.violation)).toBeGreaterThan(smallRuns / 20);
    });
  });
}

/** Gives two operations of one kind each other's answers, a few times over. */
function mutate<Input, Output>(
  history: readonly Operation<Input, Output>[],
  random: Random,
): Operation<Input, Output>[] {
  const mutated = [...history];
  for (let change = random.below(3); change >= 0; change--) {
    const first = random.below(history.length);
    const one = mutated[first] as Operation<Input, Output>;
    const kind = (one.input as { type: string }).type;
    const second = mutated.findIndex(
      (other, index) =>
        index > first && (other.input as { type: string }).type === kind && other.returnedAt !== undefined,
    );
    const other = mutated[second];
    if (one.returnedAt === undefined || other === undefined) continue;
    mutated[first] = { ...one, output: other.output as Output };
    mutated[second] = { ...other, output: one.output as Output };
  }
  return mutated;
}

propertiesOf('register', { model: register(), object: registerObject, draw: drawRegister });
propertiesOf('key-value', { model: keyValue(), object: keyValueObject, draw: drawKeyValue(2) });
propertiesOf('counter', { model: counter(), object: counterObject, draw: drawCounter });
propertiesOf('set', { model: set(), object: setObject, draw: drawSet });
propertiesOf('set by element', { model: setByElement(), object: setObject, draw: drawElement });
propertiesOf('queue', { model: fifoQueue(), object: queueObject, draw: drawQueue });
propertiesOf('lock', { model: lock(), object: lockObject, draw: drawLock });

describe('longest linearizable prefix', () => {
  test('it ends at the first return that brute force cannot explain', () => {
    let violations = 0;
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 2, max: 4 }), (seed, processes) => {
        const shape = { seed, operations: 8, processes, lost: 0.1, gapMin: 1 };
        const plain = mutate(
          generateHistory(registerObject, drawRegister, shape),
          seededRandom(seed).fork('mutation'),
        );
        const history = spread(plain);
        const result = checkLinearizabilitySync(register(), history);
        if (result.verdict !== 'violation') return;
        violations++;
        const culprit = history[result.stuck[0] as number] as Operation;
        const before = history.filter(
          ({ returnedAt = Infinity }) => returnedAt < (culprit.returnedAt as number),
        );
        expect(returnsExplained(register(), history)).toBe(before.length);
      }),
      { numRuns: smallRuns },
    );
    expect(violations).toBeGreaterThan(smallRuns / 20);
  });
});

/** The same history with times that all differ: which of two equal times comes first would be a matter of taste here. */
function spread<Input, Output>(history: readonly Operation<Input, Output>[]): Operation<Input, Output>[] {
  const { length } = history;
  return history.map((operation, index) => {
    const invokedAt = operation.invokedAt * 2 * length + index;
    if (operation.returnedAt === undefined) return { ...operation, invokedAt };
    return { ...operation, invokedAt, returnedAt: operation.returnedAt * 2 * length + length + index };
  });
}
