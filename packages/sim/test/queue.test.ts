import { errorCode, type LeasedMessage, type MessageId, type QueueStore, sleep } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import {
  type ClientEnv,
  defineScenario,
  exactlyOnce,
  type NodeEnv,
  runSeeds,
  type Scenario,
} from '../src/index.ts';

const seeds = process.env['QUORATE_LONG'] === undefined ? 200 : 10_000;
const queue = 'orders/new';
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (of: string): Uint8Array => new TextEncoder().encode(of);

/** What is done wrong, to see that it is found. */
interface Mistakes {
  /** Sends again under no id. */
  readonly forgetsIds?: boolean;
  /** Writes down what it did before it settles, instead of with it. */
  readonly settlesLater?: boolean;
  /** Settles before it does its work. */
  readonly settlesFirst?: boolean;
}

/** Repeats a call while nobody could be reached. */
async function answered<Result>(
  { clock }: NodeEnv | ClientEnv,
  call: () => Promise<Result>,
): Promise<Result> {
  for (;;) {
    try {
      return await call();
    } catch (thrown) {
      if (!['UNAVAILABLE', 'DEADLINE_EXCEEDED'].includes(errorCode(thrown) ?? '')) throw thrown;
      await sleep(clock, 50);
    }
  }
}

/** Puts requests until the workload ends, each until it is known to be there. */
async function produce(env: ClientEnv, store: QueueStore, { forgetsIds = false }: Mistakes): Promise<void> {
  for (let count = 0; count < 15 && !env.workload.aborted; count++) {
    const id = `${env.index}-${count}` as MessageId;
    const message = forgetsIds ? { body: bytes(id) } : { body: bytes(id), id, rememberMs: 600_000 };
    for (let isKnown = false; !isKnown; ) {
      const [result] = await answered(env, () => store.put([{ queue, message }], { deadlineMs: 2000 }));
      isKnown = result?.outcome === 'applied';
    }
    env.observe({ type: 'accepted', id });
    await sleep(env.clock, 100);
  }
}

/** Counts each request in a record of its own, together with its end. */
async function work(env: NodeEnv, { settlesLater = false, settlesFirst = false }: Mistakes): Promise<void> {
  const store = env.openQueueStore();
  const options = { messagesMax: 3, leaseMs: 1000, owner: `${env.self}/${env.incarnation}`, waitMs: 5000 };
  const settle = async (lease: LeasedMessage): Promise<void> => {
    const key = `orders/done/${text(lease.body)}`;
    const record = await answered(env, () => store.state.get(key, { deadlineMs: 2000 }));
    const count = record === undefined ? 1 : Number(text(record.value)) + 1;
    const write = { key, value: bytes(`${count}`), version: record?.version ?? 0 };
    const action = { type: 'acknowledge' } as const;
    if (settlesFirst) await answered(env, () => store.settle([{ lease, action }], { deadlineMs: 2000 }));
    if (settlesLater || settlesFirst)
      await answered(env, () => store.state.write(write, { deadlineMs: 2000 }));
    const state = settlesLater ? [] : [write];
    await answered(env, () => store.settle([{ lease, action, state }], { deadlineMs: 2000 }));
  };
  for (;;) {
    const messages = await answered(env, () => store.lease(queue, { ...options, deadlineMs: 10_000 }));
    await Promise.all(messages.map(settle));
  }
}

/** Reads, once nothing is left, what was done. */
async function report(env: ClientEnv, store: QueueStore): Promise<void> {
  for (;;) {
    const depth = await answered(env, () => store.inspect.depth(queue, { deadlineMs: 2000 }));
    if (depth.readyCount + depth.delayedCount + depth.leasedCount + depth.heldCount === 0) break;
    await sleep(env.clock, 500);
  }
  const { items } = await answered(env, () => store.state.scan('orders/done/', { deadlineMs: 2000 }));
  for (const { key, value } of items) {
    const id = key.slice('orders/done/'.length);
    for (let count = 0; count < Number(text(value)); count++) env.observe({ type: 'processed', id });
  }
}

function scenario(name: string, mistakes: Mistakes = {}): Scenario {
  const finished = new Map<object, number>();
  return defineScenario({
    name,
    summary: 'Requests go through a queue, and are counted in the settlement that ends them',
    nodes: ['worker-0', 'worker-1', 'worker-2'],
    clients: 2,
    faults: { network: true, process: true, clock: true },
    safetyMs: 8000,
    livenessMs: 120_000,
    invariants: [exactlyOnce],
    node: env => work(env, mistakes),
    async client(env) {
      const store = env.openQueueStore();
      await produce(env, store, mistakes);
      // The last one to come to its end looks.
      const run = env.nodes;
      finished.set(run, (finished.get(run) ?? 0) + 1);
      if (finished.get(run) === 2) await report(env, store);
    },
  });
}

test('what goes through a queue is done, and counted once, whatever fails', async () => {
  const { failure, totals } = await runSeeds(scenario('queue-work'), { seeds, shrinks: false });
  expect(failure?.text).toBeUndefined();
  expect(totals.seeds).toBe(seeds);
}, 600_000);

describe('it is found that', () => {
  test.for([
    ['requests are sent again under no id', { forgetsIds: true }],
    ['work is written down apart from its settlement', { settlesLater: true }],
    ['messages are settled before the work is done', { settlesFirst: true }],
  ] as const)('%s', async ([, mistakes]) => {
    const { failure } = await runSeeds(scenario('queue-mistake', mistakes), { seeds: 100, shrinks: false });
    expect(failure?.text).toContain('exactly-once');
  });
});
