import { describe, expect, test } from 'vitest';
import { checkLinearizabilitySync } from '../../src/linearizability/check-linearizability.ts';
import type { Model } from '../../src/linearizability/model.ts';
import { counter, type CounterInput, type CounterOutput } from '../../src/linearizability/models/counter.ts';
import {
  keyValue,
  type KeyValueInput,
  type KeyValueOutput,
} from '../../src/linearizability/models/key-value.ts';
import {
  register,
  type RegisterInput,
  type RegisterOutput,
} from '../../src/linearizability/models/register.ts';
import type { Operation } from '../../src/operation.ts';

type RegisterOperation = Operation<RegisterInput, RegisterOutput>;
type KeyValueOperation = Operation<KeyValueInput, KeyValueOutput>;

/** Writes of so many values that nobody answered. */
function openWrites(count: number): RegisterOperation[] {
  return Array.from({ length: count }, (_, value) => ({
    process: value,
    input: { type: 'write', value },
    invokedAt: 0,
  }));
}

const cas = (from: number, at: number): RegisterOperation => ({
  process: 'c',
  input: { type: 'cas', from, to: 0 },
  output: true,
  invokedAt: at,
  returnedAt: at + 1,
});

describe('many operations that never returned', () => {
  test('that none of them explains an answer takes steps by their number squared, not by that of their subsets', () => {
    const result = checkLinearizabilitySync(register(), [...openWrites(100), cas(-1, 1)], {
      stepsMax: 20_000,
    });
    expect(result.verdict).toBe('violation');
  });

  test('a counter that shows more than all of them together make is wrong at once', () => {
    const history: Operation<CounterInput, CounterOutput>[] = Array.from({ length: 30 }, (_, by) => ({
      process: by,
      input: { type: 'add', by },
      invokedAt: 0,
    }));
    const read = { process: 'r', input: { type: 'read' }, invokedAt: 1, returnedAt: 2 } as const;
    const verdictOf = (output: number): string =>
      checkLinearizabilitySync(counter(), [...history, { ...read, output }], { stepsMax: 10_000 }).verdict;
    expect([verdictOf(435), verdictOf(436), verdictOf(-1)]).toEqual(['ok', 'violation', 'violation']);
  });

  test('each can be used once', () => {
    const casOf = (values: readonly number[]): RegisterOperation[] =>
      values.map((value, index) => cas(value, 2 * index + 1));
    const values = Array.from({ length: 40 }, (_, index) => ((index * 7) % 40) + 1);
    const history = [...openWrites(42), ...casOf(values)];
    expect(checkLinearizabilitySync(register(), history, { stepsMax: 20_000 }).verdict).toBe('ok');
    const again = [...history, cas(values[3] as number, 1000)];
    expect(checkLinearizabilitySync(register(), again, { stepsMax: 20_000 }).verdict).toBe('violation');
  });

  test('there may be a great many of them', () => {
    const history = [...openWrites(200_000), { ...cas(7, 1) }];
    expect(checkLinearizabilitySync(register(), history, { stepsMax: 1 }).verdict).toBe('unknown');
  });

  test('a model is asked about all of them, not about one of each kind', () => {
    const model: Model<number, CounterInput, CounterOutput> = {
      ...counter(),
      reachable(value, _input, output = 0, inputs) {
        return output <= inputs.reduce((sum, input) => sum + (input.type === 'add' ? input.by : 0), value);
      },
    };
    const history: Operation<CounterInput, CounterOutput>[] = [
      { process: 'a', input: { type: 'add', by: 1 }, invokedAt: 0 },
      { process: 'b', input: { type: 'add', by: 1 }, invokedAt: 0 },
      { process: 'c', input: { type: 'read' }, output: 2, invokedAt: 1, returnedAt: 2 },
    ];
    expect(checkLinearizabilitySync(model, history).verdict).toBe('ok');
  });

  test('one that begins as another of its process returns may explain what returns at that time', () => {
    const history: RegisterOperation[] = [
      { process: 'r', input: { type: 'read' }, output: 2, invokedAt: 0, returnedAt: 5 },
      { process: 'a', input: { type: 'write', value: 1 }, invokedAt: 1, returnedAt: 5 },
      { process: 'a', input: { type: 'write', value: 2 }, invokedAt: 5 },
    ];
    expect(checkLinearizabilitySync(register(), history).verdict).toBe('ok');
  });
});

describe('large histories', () => {
  test('partitions cost what they are, not what is left of the others', () => {
    const history: KeyValueOperation[] = [];
    for (let index = 0; index < 40_000; index++) {
      const key = `k${index}`;
      const at = 10 * index;
      // Not in the order of the returns, so that each partition is searched.
      history.push(
        { process: 'a', input: { type: 'put', key, value: 'x' }, invokedAt: at, returnedAt: at + 2 },
        { process: 'b', input: { type: 'get', key }, output: 'x', invokedAt: at, returnedAt: at + 1 },
      );
    }
    // By the number of partitions squared it takes far longer than a test may.
    expect(checkLinearizabilitySync(keyValue(), history)).toMatchObject({ verdict: 'ok', steps: 80_000 });
  });

  test('what is under way all at once is refused before it takes the memory', () => {
    const history: RegisterOperation[] = Array.from({ length: 20_000 }, (_, value) => ({
      process: value,
      input: { type: 'write', value },
      invokedAt: 0,
      returnedAt: 10 + value,
    }));
    history.push({
      process: 'r',
      input: { type: 'read' },
      output: 3,
      invokedAt: 100_000,
      returnedAt: 100_001,
    });
    const before = process.memoryUsage().arrayBuffers;
    const result = checkLinearizabilitySync(register(), history, { memoryMaxBytes: 64 * 2 ** 20 });
    expect(result).toMatchObject({ verdict: 'unknown', why: 'memory', steps: 0 });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 2 ** 20);
  });
});

describe('calls of one process at the same time', () => {
  test('they keep their order across a call in another partition', () => {
    const history: KeyValueOperation[] = [
      { process: 'a', input: { type: 'put', key: 'x', value: '1' }, invokedAt: 0, returnedAt: 5 },
      { process: 'a', input: { type: 'put', key: 'y', value: '1' }, invokedAt: 5, returnedAt: 5 },
      { process: 'a', input: { type: 'get', key: 'x' }, output: null, invokedAt: 5, returnedAt: 6 },
    ];
    expect(checkLinearizabilitySync(keyValue(), history).verdict).toBe('violation');
  });
});
