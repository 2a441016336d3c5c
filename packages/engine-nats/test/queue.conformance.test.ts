import { type QueueCase, queueCases, runQueueCase } from '@quorate/conformance';
import { skipReason } from '@quorate/servers';
import { afterAll, beforeAll, describe, test, type TestContext } from 'vitest';
import { QueueStand } from './queue-subject.ts';

const reason = skipReason('nats');
let stand: QueueStand;

describe.skipIf(reason !== undefined)(
  'the queue on NATS JetStream keeps what the seam promises (needs nats-server)',
  () => {
    beforeAll(async () => {
      stand = await QueueStand.start();
    });
    afterAll(() => stand[Symbol.asyncDispose]());

    const expectKept = async (queueCase: QueueCase, { skip }: TestContext): Promise<void> => {
      const why = await runQueueCase(stand.subject(), queueCase);
      if (why !== undefined) skip(why);
    };
    describe.concurrent('at once', () => {
      test.for(queueCases.filter(({ exclusive }) => exclusive !== true))(
        '$name',
        { timeout: 60_000 },
        (each, context) => expectKept(each, context),
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
