import { runStoreCase, type StoreCase, storeCases } from '@quorate/conformance';
import { skipReason } from '@quorate/servers';
import { afterAll, beforeAll, describe, test, type TestContext } from 'vitest';
import { PostgresStand } from './postgres-subject.ts';

const reason = skipReason('postgres');
let stand: PostgresStand;

describe.skipIf(reason !== undefined)(
  `PostgreSQL keeps what the seam promises (needs a server${reason === undefined ? '' : `: ${reason}`})`,
  () => {
    beforeAll(async () => {
      stand = await PostgresStand.start();
    });
    afterAll(() => stand[Symbol.asyncDispose]());

    const expectKept = async (storeCase: StoreCase, { skip }: TestContext): Promise<void> => {
      const why = await runStoreCase(stand.subject(), storeCase);
      if (why !== undefined) skip(why);
    };
    describe.concurrent('at once', () => {
      test.for(storeCases.filter(({ exclusive }) => exclusive !== true))(
        '$name',
        { timeout: 60_000 },
        (each, context) => expectKept(each, context),
      );
    });
    describe('alone', () => {
      test.for(storeCases.filter(({ exclusive }) => exclusive === true))(
        '$name',
        { timeout: 60_000 },
        (each, context) => expectKept(each, context),
      );
    });
  },
);
