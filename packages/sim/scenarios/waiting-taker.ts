import { callUntilAnswered, callUntilSent, pause, startCalls } from './parts/calls.ts';
import { DurableCell } from './parts/durable-cell.ts';
import { defineScenario, type NodeEnv, type Scenario } from '../src/scenario.ts';

/** What is wrong on purpose. */
interface Bug {
  /** Looks whether there is something, and begins to wait a moment later. */
  readonly looksBeforeWaiting?: boolean;
}

const rounds = 15;

/** A mailbox on which one client waits for what the other puts there: whoever waits is woken by what comes. */
function waitingTaker(name: string, summary: string, bug: Bug = {}): Scenario {
  return defineScenario({
    name,
    summary,
    nodes: ['mailbox'],
    clients: 2,
    faults: {
      network: { mode: 'stream', resets: false, partitions: false, loss: false },
      disk: { latencyMaxMs: 20 },
    },
    safetyMs: 4000,
    probes: ['a taker waited', 'a taker found something at once'],
    node: env => mailbox(env, bug),
    async client(env) {
      const calls = await startCalls(env);
      for (let round = 1; round <= rounds; round++) {
        if (env.index === 0) {
          await pause(env, env.random.below(20));
          await env.operation({ type: 'put', round }, () =>
            callUntilAnswered(env, calls, 'mailbox', 'put', round),
          );
        } else {
          // Not repeated once it was sent: it is answered when something comes, however long that takes.
          await env.operation({ type: 'take', round }, () =>
            callUntilSent(env, calls, 'mailbox', 'take', null),
          );
        }
      }
    },
  });
}

async function mailbox(env: NodeEnv, bug: Bug): Promise<void> {
  const log = await DurableCell.open(env.disk, 'log', 0);
  const items = new Set<number>();
  const waiting: (() => void)[] = [];
  let wakeUps = 0;
  await startCalls(env, {
    put(item: number): boolean {
      items.add(item);
      waiting.shift()?.();
      return true;
    },
    async take(): Promise<number> {
      for (;;) {
        const [first] = items;
        if (first !== undefined) {
          env.reached('a taker found something at once');
          items.delete(first);
          return first;
        }
        // It is written down that somebody waits; meanwhile something may come.
        if (bug.looksBeforeWaiting === true) await log.set(++wakeUps);
        env.reached('a taker waited');
        await new Promise<void>(resolve => waiting.push(resolve));
        if (bug.looksBeforeWaiting !== true) await log.set(++wakeUps);
      }
    },
  });
}

export const correct: Scenario = waitingTaker(
  'waiting-taker',
  'A mailbox whose taker waits for the next item and is always woken',
);

export const lostWakeUp: Scenario = waitingTaker(
  'waiting-taker-lost-wake-up',
  'Bug: an item that comes between looking and waiting wakes nobody',
  { looksBeforeWaiting: true },
);
