import { runStoreCase, type StoreCase, storeCases } from '@quorate/conformance';
import { skipReason } from '@quorate/servers';
import { afterAll, beforeAll, describe, test, type TestContext } from 'vitest';
import { RedisStand } from './redis-stand.ts';

const reason = skipReason('redis');
let stand: RedisStand;

describe.skipIf(reason !== undefined)('Redis keeps what the seam promises (needs redis-server)', () => {
  beforeAll(async () => {
    stand = await RedisStand.start({ appendfsync: 'always' });
  });
  afterAll(() => stand[Symbol.asyncDispose]());

  const run = async (storeCase: StoreCase, { skip }: TestContext): Promise<void> => {
    const why = await runStoreCase(stand.subject(), storeCase);
    if (why !== undefined) skip(why);
  };
  const [alone, together] = [true, false].map(isAlone =>
    storeCases.filter(({ exclusive = false }) => exclusive === isAlone),
  ) as [StoreCase[], StoreCase[]];
  // Most of their time they wait.
  test.concurrent.for(together)('$name', { timeout: 60_000 }, run);
  test.for(alone)('$name', { timeout: 60_000 }, run);
});
