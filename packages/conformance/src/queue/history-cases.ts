import { equal, ok } from '../expect.ts';
import { ModelHistory } from './model-history.ts';
import type { QueueCase } from './queue-case.ts';
import { messageOf, type QueueStage, textOf } from './queue-stage.ts';

/** How many of the last steps a failure tells of. */
const told = 40;

/** How long a random history is. */
const stepCount = 120;

/** Random histories. */
export const queueHistoryCases: readonly QueueCase[] = [
  {
    name: 'random calls are answered as the state machine answers them',
    applies: ({ atomicSettle }) => atomicSettle,
    async run(stage) {
      const stores = [stage.store, await stage.open(), await stage.open()];
      const { histories = 5, historySeed } = stage.subject;
      const seeds =
        historySeed === undefined
          ? Array.from({ length: histories }, () => stage.subject.random.uint32())
          : [historySeed];
      for (const seed of seeds) {
        const history = new ModelHistory(stage, stores, seed);
        try {
          for (let step = 0; step < stepCount; step++) await history.step();
        } catch (thrown) {
          const steps = history.steps.slice(-told).join('\n');
          throw new Error(`${(thrown as Error).message}\nhistorySeed ${seed}, which ended:\n${steps}`, {
            cause: thrown,
          });
        }
      }
    },
  },
  {
    name: 'nothing that was put is lost, whoever holds it and forgets it',
    timed: true,
    async run(stage) {
      const q = stage.queue();
      const count = 60;
      const acknowledged = new Set<string>();
      const { patienceMs = 10_000 } = stage.subject;
      const untilMs = stage.subject.clock.monotonicMs() + Math.max(patienceMs, 20 * stage.leaseMs);
      const produce = async (): Promise<void> => {
        const store = await stage.open();
        for (let index = 0; index < count; index++) {
          const [result] = await stage.puts([{ queue: q, message: messageOf(`${index}`) }], store);
          ok(result?.outcome === 'applied', 'it is put');
        }
      };
      const consume = async (): Promise<void> => {
        const store = await stage.open();
        while (acknowledged.size < count && stage.subject.clock.monotonicMs() < untilMs) {
          const options = { messagesMax: 5, leaseMs: stage.leaseMs, waitMs: stage.leaseMs };
          for (const message of await stage.lease(q, options, store)) {
            if (random(stage, 3) === 0) continue; // It is forgotten, and comes again.
            const result = await stage.settle(message, undefined, {}, store);
            if (result.outcome === 'applied') {
              ok(!acknowledged.has(textOf(message)), `${textOf(message)} is acknowledged once`);
              acknowledged.add(textOf(message));
            }
          }
        }
      };
      await Promise.all([produce(), consume(), consume()]);
      equal(acknowledged.size, count, 'how many came');
      await stage.sleep(2 * stage.leaseMs);
      equal(await stage.lease(q), [], 'what is left');
    },
  },
];

function random(stage: QueueStage, bound: number): number {
  return stage.subject.random.uint32() % bound;
}
