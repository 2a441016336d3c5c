import { describe, expect, test } from 'vitest';
import {
  advisoryKey,
  fencedLmdbWrite,
  fencedPostgresWrite,
  fencedRedisWrite,
  lockInTransaction,
  postgresFenceTable,
} from '../src/index.ts';

// What the databases make of it is tested with real ones in packages/integration.

/** Remembers what it is asked, and answers by a list. */
class Recorder {
  readonly asked: string[] = [];
  readonly #answers: (Record<string, unknown>[] | Error)[];

  constructor(...answers: (Record<string, unknown>[] | Error)[]) {
    this.#answers = answers;
  }

  async query(text: string): Promise<{ rows: Record<string, unknown>[] }> {
    this.asked.push(text.split(' ')[0]!);
    const answer = this.#answers.shift() ?? [];
    if (answer instanceof Error) throw answer;
    return { rows: answer };
  }
}

describe('a fenced write to PostgreSQL', () => {
  test('commits behind the fence, and rolls back what is stale or fails', async () => {
    const written = new Recorder([], [{ fence: '7' }]);
    expect(await fencedPostgresWrite(written, 'r', 7n, () => 'x')).toEqual({
      outcome: 'written',
      result: 'x',
    });
    expect(written.asked).toEqual(['begin', 'insert', 'commit']);
    const stale = new Recorder([], [], [{ fence: '9' }]);
    const never = (): never => expect.unreachable();
    expect(await fencedPostgresWrite(stale, 'r', 7n, never)).toEqual({ outcome: 'stale', newest: 9n });
    expect(stale.asked).toEqual(['begin', 'insert', 'select', 'rollback']);
    const failing = new Recorder([], [{ fence: '7' }]);
    await expect(fencedPostgresWrite(failing, 'r', 7n, () => Promise.reject(new Error('x')))).rejects.toThrow(
      'x',
    );
    expect(failing.asked).toEqual(['begin', 'insert', 'rollback']);
  });

  test('says so where nothing was committed, because a statement had failed that nobody minded', async () => {
    const recorder = new Recorder([], [{ fence: '7' }]);
    const query = recorder.query.bind(recorder);
    const aborted = {
      query: async (text: string) => ({
        ...(await query(text)),
        command: text === 'commit' ? 'ROLLBACK' : 'INSERT',
      }),
    };
    await expect(fencedPostgresWrite(aborted, 'r', 7n, () => 'x')).rejects.toThrow(/Nothing was written/);
  });

  test('checks its arguments before anything is sent', async () => {
    const recorder = new Recorder();
    const write = (): void => {};
    await expect(fencedPostgresWrite(recorder, 'r', 2n ** 63n, write)).rejects.toBeInstanceOf(RangeError);
    await expect(fencedPostgresWrite(recorder, 'r', -1n, write)).rejects.toBeInstanceOf(RangeError);
    await expect(fencedPostgresWrite(recorder, 'r', 1 as never, write)).rejects.toBeInstanceOf(TypeError);
    await expect(fencedPostgresWrite(recorder, '', 1n, write)).rejects.toBeInstanceOf(RangeError);
    const table = 'x; drop table y';
    await expect(fencedPostgresWrite(recorder, 'r', 1n, write, { table })).rejects.toBeInstanceOf(RangeError);
    expect(() => postgresFenceTable({ table })).toThrow(RangeError);
    expect(postgresFenceTable({ table: 'app.fences' })).toMatch(/^create table if not exists app\.fences /);
    await expect(lockInTransaction(recorder, 'n', { deadlineMs: -1 })).rejects.toBeInstanceOf(RangeError);
    expect(recorder.asked).toEqual([]);
  });

  test('names of advisory locks are spread over 64 bits, and always the same', () => {
    expect(advisoryKey('order:42')).toBe(advisoryKey('order:42'));
    const keys = Array.from({ length: 10_000 }, (_, index) => advisoryKey(`order:${index}`));
    expect(new Set(keys).size).toBe(10_000);
    expect(new Set(keys.map(key => BigInt.asUintN(12, key))).size).toBeGreaterThan(3500);
    expect(keys.filter(key => key < 0n).length).toBeGreaterThan(4500);
    for (const key of keys) expect(BigInt.asIntN(64, key)).toBe(key);
  });
});

test('a fenced write to Redis sends one script, and reads its answer', async () => {
  let sent: unknown[] = [];
  let answer: unknown = [1, ['OK', 2]];
  const redis = {
    async eval(_script: string, ...rest: unknown[]): Promise<unknown> {
      sent = rest;
      return answer;
    },
  };
  const commands = [
    ['SET', 'k', 'v'],
    ['INCRBY', 'n', 2],
  ] as const;
  expect(await fencedRedisWrite(redis, 'fence', 5n, ['k', 'n'], commands)).toEqual({
    outcome: 'written',
    result: ['OK', 2],
  });
  expect(sent).toEqual([3, 'fence', 'k', 'n', '5', '3', 'SET', 'k', 'v', '3', 'INCRBY', 'n', '2']);
  answer = [0, '9007199254740993'];
  expect(await fencedRedisWrite(redis, 'fence', 5n, [], [])).toEqual({
    outcome: 'stale',
    newest: 9_007_199_254_740_993n,
  });
});

test('a fenced write to LMDB runs in the transaction that raises the fence', () => {
  const values = new Map<string, string>();
  let depth = 0;
  const fences = {
    transactionSync<Result>(action: () => Result): Result {
      depth++;
      try {
        return action();
      } finally {
        depth--;
      }
    },
    get: (key: string) => values.get(key),
    put: (key: string, value: string) => values.set(key, value),
  };
  expect(fencedLmdbWrite(fences, 'r', 7n, () => depth)).toEqual({ outcome: 'written', result: 1 });
  expect(fencedLmdbWrite(fences, 'r', 7n, () => 'again').outcome).toBe('written');
  expect(fencedLmdbWrite(fences, 'r', 6n, () => expect.unreachable())).toEqual({
    outcome: 'stale',
    newest: 7n,
  });
});
