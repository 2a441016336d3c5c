import { type QueueStore, sleep } from '@quorate/core';
import { type ClientEnv, defineScenario, type NodeEnv, type Scenario } from '@quorate/sim';
import { createQueues, type Message, type Queues } from '../src/index.ts';

/** What is wrong on purpose, so that the check is seen to find it. */
interface Bug {
  /** The effect of a message is written before its end, instead of together with it. */
  readonly effectApart?: boolean;
}

/** A message: the `number`th of its key, from 1. */
interface Numbered {
  readonly key: string;
  readonly number: number;
}

const queue = 'q/orders';
const keys = ['a', 'b', 'c'];
const perKey = 16;
const faultsMs = 8000;

/**
 * Workers handle numbered messages of a few keys, over a store that can be cut off, whose answers get lost or come late; they are
 * killed and stopped, and their clocks run fast, slow and jump. The effect of a message is a state record in the commit of its end:
 * the last number of its key. So it is seen whether one was lost, came twice, or out of its order.
 */
function orderedEffects(name: string, summary: string, bug: Bug = {}): Scenario {
  return defineScenario({
    name,
    summary,
    nodes: ['worker-1', 'worker-2', 'worker-3'],
    clients: 1,
    faults: { network: true, process: { pauseMaxMs: 2000 }, clock: { driftMax: 0.05, jumps: true } },
    safetyMs: faultsMs,
    livenessMs: 120_000,
    probes: [
      'a message was tried again',
      'a lease was lost',
      'an end came too late',
      'a send was made again',
    ],
    node: env => work(env, bug),
    client: send,
  });
}

function queuesOf(env: NodeEnv | ClientEnv, store: QueueStore): Queues {
  return createQueues({ store, clock: env.clock, random: env.random.fork('queues') });
}

function work(env: NodeEnv, bug: Bug): void {
  const store = env.openQueueStore();
  queuesOf(env, store).consume<Numbered>(queue, message => handle(env, store, message, bug), {
    concurrency: 4,
    leaseMs: 600,
    retry: { attemptsMax: Number.POSITIVE_INFINITY, delayMs: 100, delayMaxMs: 500 },
    deliveriesMax: Number.POSITIVE_INFINITY,
    onEvent: ({ type }) => {
      if (type === 'lost') env.reached('a lease was lost');
    },
  });
}

async function handle(env: NodeEnv, store: QueueStore, message: Message<Numbered>, bug: Bug): Promise<void> {
  const { key, number } = message.body;
  if (message.attempt > 1) env.reached('a message was tried again');
  const record = await store.state.get(lastKey(key));
  const last = record === undefined ? 0 : Number(new TextDecoder().decode(record.value));
  await sleep(env.clock, env.random.below(80) + 1);
  if (env.random.below(5) === 0) throw new Error('not this time');
  if (number > last + 1) await accuse(store, `${key}${number} came after ${key}${last}`);
  const write = {
    key: lastKey(key),
    value: new TextEncoder().encode(`${Math.max(last, number)}`),
    version: record?.version ?? 0,
  };
  if (bug.effectApart === true) await store.state.write(write);
  const outcome = await message.ack(bug.effectApart === true ? {} : { state: [write] });
  if (outcome === 'lost') env.reached('an end came too late');
  else if (number <= last) await accuse(store, `${key}${number} came again after ${key}${last}`);
}

function lastKey(key: string): string {
  return `q/last/${key}`;
}

/** Written down until it is: the client reads it in the end. */
async function accuse(store: QueueStore, what: string): Promise<void> {
  const write = { key: `q/wrong/${what}`, value: new Uint8Array() };
  for (;;) {
    const result = await store.state.write(write).catch(() => undefined);
    if (result?.outcome === 'applied') return;
  }
}

/** Sends everything, waits until all of it has taken effect, and looks whether anything was wrong. */
async function send(env: ClientEnv): Promise<void> {
  const store = env.openQueueStore();
  const producer = queuesOf(env, store).producer<Numbered>(queue);
  for (let number = 1; number <= perKey; number++) {
    const sends = keys.map(key => {
      const options = { key, id: `${key}${number}` };
      return sent(env, () => producer.send({ key, number }, options));
    });
    // What is refused is sent again, and must not be overtaken by the next of its key.
    await Promise.all(sends);
    await sleep(env.clock, env.random.below(faultsMs / perKey));
  }
  for (;;) {
    const [last, wrong] = await Promise.all([scan(store, 'q/last/'), scan(store, 'q/wrong/')]);
    if (wrong.length > 0) throw new Error(wrong.map(({ key }) => key).join(', '));
    if (last.length === keys.length && last.every(({ text }) => text === `${perKey}`)) break;
    await sleep(env.clock, 200);
  }
}

async function sent(env: ClientEnv, sendOnce: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await sendOnce();
      return;
    } catch {
      env.reached('a send was made again');
      await sleep(env.clock, 50);
    }
  }
}

async function scan(
  store: QueueStore,
  prefix: string,
): Promise<readonly { readonly key: string; readonly text: string }[]> {
  const page = await store.state.scan(prefix).catch(() => undefined);
  return (page?.items ?? []).map(({ key, value }) => ({ key, text: new TextDecoder().decode(value) }));
}

export const correct: Scenario = orderedEffects(
  'queue-ordered-effects',
  'Messages of a few keys whose effects are in the commits of their ends, with faults of every kind',
);

export const effectApart: Scenario = orderedEffects(
  'queue-effect-apart',
  'Bug: the effect of a message is written apart from its end',
  { effectApart: true },
);
