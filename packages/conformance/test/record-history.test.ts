import { QuorateError, type Store } from '@quorate/core';
import {
  checkLinearizabilitySync,
  counter,
  type CounterInput,
  type CounterOutput,
  defineScenario,
  type Operation,
  register,
  type RegisterInput,
  type RegisterOutput,
  simulate,
} from '@quorate/sim';
import { describe, expect, test } from 'vitest';
import { type RecordedHistory, recordStoreHistory } from '../src/index.ts';
import { dressed, type Lie } from './dressed-store.ts';

/** What clients of the simulator's store were answered, on a link on which everything goes wrong. */
async function record(seed: number, lie: Lie = () => ({})): Promise<RecordedHistory> {
  const recorded: RecordedHistory[] = [];
  const scenario = defineScenario({
    name: 'record-history',
    summary: 'Clients that work on one key and one number at the same time',
    nodes: ['idle'],
    clients: 1,
    faults: { network: true },
    safetyMs: 20_000,
    node() {},
    async client(env) {
      const { clock, random } = env;
      const open = async (): Promise<Store> => dressed(env.openStore(), lie);
      const subject = { name: 'simulated store', clock, random, ttlMs: 1000, open };
      recorded.push(await recordStoreHistory(subject, { operations: 25, deadlineMs: 20 }));
    },
  });
  const result = await simulate(scenario, { seed });
  expect([result.verdict, result.error]).toEqual(['ok', undefined]);
  return recorded[0] as RecordedHistory;
}

function verdicts({ register: key, counter: number }: RecordedHistory): boolean[] {
  return [
    checkLinearizabilitySync(register(), key as Operation<RegisterInput, RegisterOutput>[]).verdict === 'ok',
    checkLinearizabilitySync(counter(), number as Operation<CounterInput, CounterOutput>[]).verdict === 'ok',
  ];
}

describe('a history of clients that work at the same time', () => {
  test('is linearizable where the store is, whatever its links do, and has outcomes of all kinds', async () => {
    const kinds = new Set<string>();
    for (let seed = 1; seed <= 15; seed++) {
      const history = await record(seed);
      expect(verdicts(history)).toEqual([true, true]);
      for (const { input, output, returnedAt } of [...history.register, ...history.counter]) {
        kinds.add(
          `${(input as { type: string }).type} ${returnedAt === undefined ? 'open' : typeof output === 'boolean' ? output : 'answered'}`,
        );
      }
    }
    expect([...kinds].sort()).toEqual(['add answered', 'cas false', 'cas open', 'cas true', 'read answered']);
  });

  test('has an addition as open whose answer was lost, though its repeat is refused for certain', async () => {
    const lie: Lie = store => {
      const lost = new Set<string>();
      const refusal = () => new QuorateError('SESSION_LOST', 'It is gone', { outcome: 'not-applied' });
      return {
        async add(key, delta, options) {
          const name = JSON.stringify(options.operation);
          if (lost.has(name)) throw refusal();
          if (options.operation.sequence % 3 > 0) return store.add!(key, delta, options);
          lost.add(name);
          await store.add!(key, delta, options);
          const cause = new QuorateError('UNAVAILABLE', 'The answer is lost', { outcome: 'unknown' });
          return { outcome: 'unknown', cause };
        },
      };
    };
    const open = await Promise.all(
      [1, 2, 3, 4].map(async seed => {
        const history = await record(seed, lie);
        expect(verdicts(history)).toEqual([true, true]);
        return history.counter.filter(({ returnedAt }) => returnedAt === undefined).length;
      }),
    );
    expect(Math.min(...open)).toBeGreaterThan(0);
  });

  test('is not where a store reads what it read before', async () => {
    const lie: Lie = store => {
      let calls = 0;
      let last: Awaited<ReturnType<Store['get']>>;
      return {
        async get(key, options) {
          if (++calls % 5 === 0 && last?.key === key) return last;
          last = await store.get(key, options);
          return last;
        },
      };
    };
    const results = await Promise.all([1, 2, 3, 4].map(async seed => verdicts(await record(seed, lie))));
    expect(results.flat()).toContain(false);
  });
});
