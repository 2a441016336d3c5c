import { ManualClock } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import {
  checkLinearizability,
  checkLinearizabilitySync,
} from '../../src/linearizability/check-linearizability.ts';
import { linearizable } from '../../src/linearizability/linearizable.ts';
import type { Model } from '../../src/linearizability/model.ts';
import { fifoQueue } from '../../src/linearizability/models/fifo-queue.ts';
import {
  keyValue,
  type KeyValueInput,
  type KeyValueOutput,
} from '../../src/linearizability/models/key-value.ts';
import { lock } from '../../src/linearizability/models/lock.ts';
import {
  register,
  type RegisterInput,
  type RegisterOutput,
} from '../../src/linearizability/models/register.ts';
import { setByElement } from '../../src/linearizability/models/set.ts';
import type { Operation } from '../../src/operation.ts';
import { hardHistory } from './hard-history.ts';

type RegisterOperation = Operation<RegisterInput, RegisterOutput>;

const write = (
  process: string,
  value: number,
  invokedAt: number,
  returnedAt?: number,
): RegisterOperation => ({
  process,
  input: { type: 'write', value },
  invokedAt,
  ...(returnedAt === undefined ? {} : { returnedAt }),
});
const read = (
  process: string,
  output: number | null,
  invokedAt: number,
  returnedAt: number,
): RegisterOperation => ({
  process,
  input: { type: 'read' },
  output,
  invokedAt,
  returnedAt,
});
const verdictOf = (history: readonly RegisterOperation[]): string =>
  checkLinearizabilitySync(register(), history).verdict;

describe('verdicts', () => {
  test('nothing happened, and that is fine', () => {
    expect(checkLinearizabilitySync(register(), [])).toEqual({ verdict: 'ok', linearization: [], steps: 0 });
  });

  test('a stale read after a write is a violation, with the prefix before it and a sentence', () => {
    const history = [write('a', 1, 0, 1), write('a', 2, 2, 3), read('b', 1, 4, 5), read('b', 2, 6, 7)];
    const result = checkLinearizabilitySync(register(), history);
    expect(result).toMatchObject({ verdict: 'violation', partition: undefined, state: 2 });
    expect(result).toMatchObject({ prefix: Int32Array.of(0, 1), stuck: Int32Array.of(2) });
    expect(result).toHaveProperty(
      'message',
      'Not linearizable by the model "register": after 2 of 4 operations the state is 2, and nothing explains read → 1 of process b',
    );
  });

  test('an operation without return may take effect late, or never, but not before its invocation', () => {
    const open = write('a', 1, 0);
    expect(verdictOf([open, read('b', null, 1, 2), read('b', 1, 3, 4)])).toBe('ok');
    expect(verdictOf([open, read('b', null, 1, 2), read('b', null, 3, 4)])).toBe('ok');
    expect(verdictOf([open, read('b', 1, 1, 2), read('b', null, 3, 4)])).toBe('violation');
    expect(verdictOf([read('b', 1, 0, 1), write('a', 1, 2)])).toBe('violation');
  });

  test('an open operation takes effect once', () => {
    const history = [write('a', 1, 0), write('b', 2, 1, 2), read('b', 1, 3, 4), write('b', 2, 5, 6)];
    expect(verdictOf(history)).toBe('ok');
    expect(verdictOf([...history, read('b', 1, 7, 8)])).toBe('violation');
  });

  test('intervals that touch overlap, but not those of one process', () => {
    expect(verdictOf([write('a', 1, 0, 5), read('b', null, 5, 6)])).toBe('ok');
    expect(verdictOf([write('a', 1, 0, 5), read('a', null, 5, 6)])).toBe('violation');
  });

  test('a violation names its partition, and the others do not matter', () => {
    const get = (key: string, output: string, at: number): Operation<KeyValueInput, KeyValueOutput> => ({
      process: 'p',
      input: { type: 'get', key },
      output,
      invokedAt: at,
      returnedAt: at + 1,
    });
    const put: Operation<KeyValueInput, KeyValueOutput> = {
      process: 'q',
      input: { type: 'put', key: 'x', value: '1' },
      invokedAt: 0,
      returnedAt: 1,
    };
    expect(checkLinearizabilitySync(keyValue(), [put, get('x', '1', 2), get('y', '1', 4)])).toMatchObject({
      verdict: 'violation',
      partition: 'y',
      prefix: Int32Array.of(),
      stuck: Int32Array.of(2),
    });
  });

  test('a violation in one partition is found beside one that is hopeless', () => {
    const easy: Operation<{ readonly type: 'dequeue' }, string> = {
      process: 'z',
      input: { type: 'dequeue' },
      output: 'x',
      invokedAt: 0,
      returnedAt: 1,
    };
    const hard = hardHistory(12);
    const model = { ...fifoQueue(), partition: (input: unknown) => (input === easy.input ? 'easy' : 'hard') };
    expect(checkLinearizabilitySync(model, [...hard, easy])).toMatchObject({
      verdict: 'violation',
      partition: 'easy',
    });
  });
});

describe('bounds', () => {
  test('steps: the same answer each time', () => {
    const limits = { stepsMax: 5000 };
    const first = checkLinearizabilitySync(fifoQueue(), hardHistory(12), limits);
    expect(first).toEqual({
      verdict: 'unknown',
      why: 'steps',
      partition: undefined,
      undecided: 1,
      steps: 5000,
    });
    expect(checkLinearizabilitySync(fifoQueue(), hardHistory(12), limits)).toEqual(first);
  });

  test('memory', () => {
    const result = checkLinearizabilitySync(fifoQueue(), hardHistory(12), { memoryMaxBytes: 2 ** 20 });
    expect(result).toMatchObject({ verdict: 'unknown', why: 'memory', undecided: 1 });
  });

  test('a deadline on a clock that is handed in', () => {
    let nowMs = 0;
    const clock = new (class extends ManualClock {
      override monotonicMs(): number {
        return nowMs++;
      }
    })();
    const result = checkLinearizabilitySync(fifoQueue(), hardHistory(12), { clock, deadlineMs: 50 });
    expect(result).toMatchObject({ verdict: 'unknown', why: 'deadline' });
    expect(nowMs).toBeLessThan(55);
    expect(() => checkLinearizabilitySync(fifoQueue(), [], { deadlineMs: 1 })).toThrow(/needs a clock/);
  });

  test('a signal that aborts while the check computes, which lets the event loop go round', async () => {
    const controller = new AbortController();
    const check = checkLinearizability(fifoQueue(), hardHistory(14), { signal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(check).resolves.toMatchObject({ verdict: 'unknown', why: 'aborted' });
  });

  test('a deadline in real time', async () => {
    const result = await checkLinearizability(fifoQueue(), hardHistory(14), { deadlineMs: 30 });
    expect(result).toMatchObject({ verdict: 'unknown', why: 'deadline', undecided: 1 });
  });

  test('an easy history is decided in time, and as the synchronous check decides it', async () => {
    const history = [write('a', 1, 0, 1), read('b', 1, 0, 2)];
    const result = await checkLinearizability(register(), history, { deadlineMs: 10_000 });
    expect(result).toEqual(checkLinearizabilitySync(register(), history));
    expect(result.verdict).toBe('ok');
  });

  test.each([
    { deadlineMs: -1 },
    { deadlineMs: Number.NaN },
    { memoryMaxBytes: 0 },
    { stepsMax: Number.NaN },
  ])('refuses %j', async options => {
    await expect(checkLinearizability(register(), [], options)).rejects.toThrow(RangeError);
  });
});

describe('histories that cannot have happened', () => {
  test.each<[string, RegisterOperation[], RegExp]>([
    [
      'a time that is no number',
      [write('a', 1, Number.NaN, 1)],
      /Operation 0 of process "a" must be invoked at a finite time: received NaN/,
    ],
    ['a return at no time', [write('a', 1, 0, Number.NaN)], /must return at a finite time.*received NaN/],
    [
      'a return before its invocation',
      [write('a', 1, 5, 4)],
      /must return after its invocation at 5: received 4/,
    ],
    [
      'calls of one process that overlap',
      [write('a', 1, 0, 5), read('a', 1, 4, 6)],
      /Operation 1 of process "a" must not overlap operation 0/,
    ],
    [
      'overlapping calls that are not in order',
      [read('a', 1, 4, 6), write('a', 1, 0, 5)],
      /Operation 0 .* must not overlap operation 1/,
    ],
  ])('refuses %s', (_name, history, message) => {
    expect(() => checkLinearizabilitySync(register(), history)).toThrow(RangeError);
    expect(() => checkLinearizabilitySync(register(), history)).toThrow(message);
  });

  test('a process may go on after a call that never returned', () => {
    expect(verdictOf([write('a', 1, 0), read('a', null, 1, 2)])).toBe('ok');
  });

  test('models refuse what they do not know', () => {
    const at = { process: 1, invokedAt: 0, returnedAt: 1 };
    const refuse = <State, Input, Output>(
      model: Model<State, Input, Output>,
      input: unknown,
      output?: unknown,
    ): void => {
      const operation = { ...at, input, output } as unknown as Operation<Input, Output>;
      expect(() => checkLinearizabilitySync(model, [operation])).toThrow(TypeError);
    };
    refuse(register(), { type: 'rd' });
    refuse(register(), { type: 'read' });
    refuse(register(), { type: 'cas', from: 1, to: 2 }, 'yes');
    refuse(keyValue(), { type: 'get', key: 'k' });
    refuse(keyValue(), { type: 'delete', key: 'k' });
    refuse(fifoQueue(), { type: 'enqueue', value: null });
    refuse(fifoQueue(), { type: 'dequeue' });
    refuse(setByElement(), { type: 'members' }, []);
    refuse(lock(), { type: 'acquire', owner: 1 }, 'token');
    refuse(lock(), { type: 'acquire' }, 1);
  });

  test('a model that lies about what is read only is found out, and one whose states have no key', () => {
    const liar = { ...register(), readOnly: () => true };
    const racing = [write('a', 1, 0, 5), write('b', 2, 0, 6), read('c', 1, 0, 7)];
    expect(() => checkLinearizabilitySync(liar, racing)).toThrow(/must not change the state/);
    const keyless: Partial<ReturnType<typeof fifoQueue>> = fifoQueue();
    delete keyless.key;
    expect(() => checkLinearizabilitySync(keyless as ReturnType<typeof fifoQueue>, hardHistory(3))).toThrow(
      /must have a key/,
    );
  });
});

describe('the check of a scenario', () => {
  test('says nothing, what is wrong and when, or that it does not know', () => {
    const check = linearizable(register());
    expect(check([write('a', 1, 0, 1), read('b', 1, 2, 3)])).toBeUndefined();
    const finding = check([write('a', 1, 0, 1), read('b', 2, 2, 3)]);
    expect(finding).toMatchObject({
      rule: 'linearizability',
      atMs: 0.003,
      details: { stuck: [{ process: 'b' }] },
    });
    expect(structuredClone(finding)).toEqual(finding);
    expect(linearizable(fifoQueue(), { stepsMax: 1000 })(hardHistory(12))).toMatchObject({
      rule: 'linearizability-undecided',
    });
  });
});
