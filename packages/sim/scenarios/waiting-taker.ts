import { callUntilAnswered, callUntilSent, pause, startCalls } from './parts/calls.ts';
import { DurableCell } from './parts/durable-cell.ts';
import { defineScenario, type NodeEnv, type Scenario } from '../src/scenario.ts';

/** What is wrong on purpose. */
interface Bug {
  /** Looks whether there is something, and begins to wait a moment later. */
  readonly looksBeforeWaiting?: boolean;
}

/** Mailboxes into which one client puts what it takes out itself, at the same time: whoever waits is woken by what comes. */
function waitingTaker(name: string, summary: string, bug: Bug = {}): Scenario {
  return defineScenario({
    name,
    summary,
    nodes: ['mailboxes'],
    clients: 2,
    faults: {
      network: { mode: 'stream', resets: false, partitions: false, loss: false },
      disk: { latencyMaxMs: 20 },
    },
    safetyMs: 4000,
    probes: ['a taker waited', 'a taker found something at once'],
    node: env => mailboxes(env, bug),
    async client(env) {
      const calls = await startCalls(env);
      const box = env.index;
      for (let round = 1; !env.workload.aborted; round++) {
        await pause(env, env.random.below(200));
        const delayMs = env.random.below(20);
        await env.operation({ type: 'exchange', round }, async () => {
          // Not repeated once it was sent: it is answered when something comes, however long that takes.
          const taken = callUntilSent(env, calls, 'mailboxes', 'take', box);
          await pause(env, delayMs);
          await callUntilAnswered(env, calls, 'mailboxes', 'put', { box, item: round });
          return taken;
        });
      }
    },
  });
}

class Mailbox {
  readonly items = new Set<number>();
  readonly waiting: (() => void)[] = [];
}

async function mailboxes(env: NodeEnv, bug: Bug): Promise<void> {
  const log = await DurableCell.open(env.disk, 'log', 0);
  const boxes = new Map<number, Mailbox>();
  const boxOf = (box: number): Mailbox => {
    const found = boxes.get(box) ?? new Mailbox();
    boxes.set(box, found);
    return found;
  };
  let waits = 0;
  await startCalls(env, {
    put({ box, item }: { box: number; item: number }): boolean {
      const { items, waiting } = boxOf(box);
      items.add(item);
      waiting.shift()?.();
      return true;
    },
    async take(box: number): Promise<number> {
      const { items, waiting } = boxOf(box);
      for (;;) {
        const [first] = items;
        if (first !== undefined) {
          env.reached('a taker found something at once');
          items.delete(first);
          return first;
        }
        // That somebody waits is written down; meanwhile something may come.
        if (bug.looksBeforeWaiting === true) await log.set(++waits);
        env.reached('a taker waited');
        await new Promise<void>(resolve => waiting.push(resolve));
        if (bug.looksBeforeWaiting !== true) await log.set(++waits);
      }
    },
  });
}

export const correct: Scenario = waitingTaker(
  'waiting-taker',
  'Mailboxes whose takers wait for the next item and are always woken',
);

export const lostWakeUp: Scenario = waitingTaker(
  'waiting-taker-lost-wake-up',
  'Bug: an item that comes between looking and waiting wakes nobody',
  { looksBeforeWaiting: true },
);
