import {
  type OperationId,
  QuorateError,
  type Session,
  sleep,
  type Store,
  type WriteResult,
} from '@quorate/core';
import { expect, test } from 'vitest';
import {
  type ClientEnv,
  counter,
  defineScenario,
  linearizable,
  register,
  runSeeds,
  type Scenario,
} from '../src/index.ts';
import { absent, bytes, textOf } from './store-stand.ts';

const seeds = process.env['QUORATE_LONG'] === undefined ? 60 : 3000;

function sharing(name: string, parts: Pick<Scenario, 'check' | 'client'>): Scenario {
  return defineScenario({
    name,
    summary: 'Clients of the simulated store that share one key',
    nodes: ['idle'],
    clients: 4,
    faults: { network: true },
    safetyMs: 5000,
    node() {},
    ...parts,
  });
}

/** Reads, and sets what it read under the condition that nobody else has: each value is written once. */
async function compareAndSet(env: ClientEnv): Promise<void> {
  for (let turn = 1; !env.workload.aborted; turn++) {
    await sleep(env.clock, env.random.below(40));
    const read = await env.operation(
      { type: 'read' },
      async () => textOf(await env.store.get('p/k')) ?? null,
    );
    if (read === undefined) continue;
    // Once more, for its revision: where the value is another one by now, the condition is that one's.
    const current = await env.store.get('p/k').catch(() => 'unreachable' as const);
    if (current === 'unreachable') continue;
    const from = textOf(current) ?? null;
    const to = current !== undefined && env.random.below(4) === 0 ? null : `${env.index}:${turn}`;
    if (from === to) continue;
    const condition = current === undefined ? absent : { modified: current.modified };
    // A deadline may end the wait on the way there or back.
    const options = env.random.below(3) === 0 ? { deadlineMs: env.random.below(10) } : {};
    await env.operation({ type: 'cas', from, to }, async () => {
      const result: WriteResult =
        to === null && current !== undefined
          ? await env.store.delete('p/k', { modified: current.modified }, options)
          : await env.store.put('p/k', bytes(to ?? ''), condition, options);
      if (result.outcome === 'unknown') throw result.cause;
      return result.outcome === 'applied';
    });
  }
}

/** Adds until it knows that it did, under one operation's id; whose session ends meanwhile never knows. */
async function addOnce(store: Store, env: ClientEnv, operation: OperationId): Promise<number> {
  for (;;) {
    const deadlineMs = env.random.below(4) === 0 ? env.random.below(8) : 1000;
    const result = await store.add?.('c/n', 1n, { operation, deadlineMs }).catch((error: unknown) => {
      if (error instanceof QuorateError && error.code !== 'SESSION_LOST') return undefined;
      throw error;
    });
    if (result?.outcome === 'applied') return Number(result.value);
    if (result?.cause.code === 'SESSION_LOST') throw result.cause;
    await sleep(env.clock, 20);
  }
}

async function count(env: ClientEnv): Promise<void> {
  let session: Session | undefined;
  let sequence = 0;
  while (!env.workload.aborted) {
    await sleep(env.clock, env.random.below(60));
    if (session === undefined || session.lost.aborted) {
      session = await env.store.session({ ttlMs: 1000 }).catch(() => undefined);
      sequence = 0;
    }
    if (session === undefined) continue;
    const operation = { session: session.id, sequence: ++sequence };
    if (env.random.below(3) > 0)
      await env.operation({ type: 'add', by: 1 }, () => addOnce(env.store, env, operation));
    else await env.operation({ type: 'read' }, async () => Number(textOf(await env.store.get('c/n')) ?? 0));
  }
}

test.each([
  sharing('store-compare-and-set', { check: linearizable(register()), client: compareAndSet }),
  sharing('store-count', { check: linearizable(counter()), client: count }),
])(
  '$name: whatever becomes of requests and answers, outcomes are true',
  async scenario => {
    const { failure, totals } = await runSeeds(scenario, { seeds, shrinks: false });
    expect(failure?.text).toBeUndefined();
    expect(totals.seeds).toBe(seeds);
  },
  120_000,
);
