import { runStoreCase, storeCases } from '@quorate/conformance';
import { skipReason } from '@quorate/servers';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { RedisStand } from './redis-stand.ts';

const reason = skipReason('redis');
let stand: RedisStand;

describe.skipIf(reason !== undefined)('Redis keeps what the seam promises (needs redis-server)', () => {
  beforeAll(async () => {
    stand = await RedisStand.start({ appendfsync: 'always' });
  });
  afterAll(() => stand[Symbol.asyncDispose]());

  // Most of their time they wait.
  describe.concurrent('at once', () => {
    test.for(storeCases.filter(({ exclusive }) => exclusive !== true))(
      '$name',
      { timeout: 60_000 },
      async (storeCase, { skip }) => {
        const why = await runStoreCase(stand.subject(), storeCase);
        if (why !== undefined) skip(why);
      },
    );
  });

  test.for(storeCases.filter(({ exclusive }) => exclusive === true))(
    '$name',
    { timeout: 60_000 },
    async (storeCase, { skip }) => {
      const why = await runStoreCase(stand.subject(), storeCase);
      if (why !== undefined) skip(why);
    },
  );
});
