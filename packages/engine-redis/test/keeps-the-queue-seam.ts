import { type QueueCase, queueCases, runQueueCase } from '@quorate/conformance';
import { skipReason } from '@quorate/servers';
import { afterAll, beforeAll, describe, test, type TestContext } from 'vitest';
import type { RedisStand } from './redis-stand.ts';

const reason = skipReason('redis');
const timeout = 60_000;

/** Runs all cases of the queue seam on one server, or on one cluster. */
export function keepsTheQueueSeam(name: string, start: () => Promise<RedisStand>): void {
  describe.skipIf(reason !== undefined)(
    `queues on ${name} keep what the seam promises (needs redis-server)`,
    () => {
      let stand: RedisStand;
      beforeAll(async () => {
        stand = await start();
      });
      afterAll(() => stand[Symbol.asyncDispose]());

      const expectKept = async (queueCase: QueueCase, { skip }: TestContext): Promise<void> => {
        const why = await runQueueCase(stand.queueSubject(), queueCase);
        if (why !== undefined) skip(why);
      };
      // Most of their time they wait.
      describe.concurrent('at once', () => {
        test.for(queueCases.filter(({ exclusive }) => exclusive !== true))(
          '$name',
          { timeout },
          (each, context) => expectKept(each, context),
        );
      });

      test.for(queueCases.filter(({ exclusive }) => exclusive === true))(
        '$name',
        { timeout },
        (each, context) => expectKept(each, context),
      );
    },
  );
}
