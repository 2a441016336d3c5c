import { runStoreCase, type StoreCase, storeCases } from '@quorate/conformance';
import { skipReason } from '@quorate/servers';
import { afterAll, beforeAll, describe, test, type TestContext } from 'vitest';
import type { RedisStand } from './redis-stand.ts';

const reason = skipReason('redis');
const timeout = 60_000;

/** Runs all cases of the seam on one server, or on one cluster. */
export function keepsTheSeam(name: string, start: () => Promise<RedisStand>): void {
  describe.skipIf(reason !== undefined)(`${name} keeps what the seam promises (needs redis-server)`, () => {
    let stand: RedisStand;
    beforeAll(async () => {
      stand = await start();
    });
    afterAll(() => stand[Symbol.asyncDispose]());

    const expectKept = async (storeCase: StoreCase, { skip }: TestContext): Promise<void> => {
      const why = await runStoreCase(stand.subject(), storeCase);
      if (why !== undefined) skip(why);
    };
    // Most of their time they wait.
    describe.concurrent('at once', () => {
      test.for(storeCases.filter(({ exclusive }) => exclusive !== true))(
        '$name',
        { timeout },
        (each, context) => expectKept(each, context),
      );
    });

    test.for(storeCases.filter(({ exclusive }) => exclusive === true))(
      '$name',
      { timeout },
      (each, context) => expectKept(each, context),
    );
  });
}
