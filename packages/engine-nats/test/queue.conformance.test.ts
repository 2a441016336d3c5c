import { type QueueCase, queueCases, runQueueCase } from '@quorate/conformance';
import { skipReason } from '@quorate/servers';
import { afterAll, beforeAll, describe, test, type TestContext } from 'vitest';
import type { QueuePace } from '../src/queue/queue-pace.ts';
import { QueueStand } from './queue-subject.ts';

const reason = skipReason('nats');
/** Written down and cut off all the time. */
const hurried = { bytesMin: 6000, certainMs: 150 };
let stand: QueueStand;

describe.skipIf(reason !== undefined)(
  'the queue on NATS JetStream keeps what the seam promises (needs nats-server)',
  () => {
    beforeAll(async () => {
      stand = await QueueStand.start();
    });
    afterAll(() => stand[Symbol.asyncDispose]());

    const expectKept = async (
      queueCase: QueueCase,
      { skip }: TestContext,
      pace?: QueuePace,
    ): Promise<void> => {
      const why = await runQueueCase(stand.subject(pace), queueCase);
      if (why !== undefined) skip(why);
    };
    describe.concurrent('at once', () => {
      test.for(queueCases.filter(({ exclusive }) => exclusive !== true))(
        '$name',
        { timeout: 60_000 },
        (each, context) => expectKept(each, context),
      );
    });
    describe.concurrent('at once, where partitions are written down and cut off all the time', () => {
      const calls = /random|nothing that was put|connections that break|many who write|at the same time/;
      test.for(queueCases.filter(({ name }) => calls.test(name)))(
        '$name',
        { timeout: 60_000 },
        (each, context) => expectKept(each, context, hurried),
      );
    });
    describe('alone', () => {
      test.for(queueCases.filter(({ exclusive }) => exclusive === true))(
        '$name',
        { timeout: 60_000 },
        (each, context) => expectKept(each, context),
      );
    });
  },
);
