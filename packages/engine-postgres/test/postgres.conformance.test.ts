import { runStoreCase, storeCases } from '@quorate/conformance';
import { skipReason } from '@quorate/servers';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { PostgresStand } from './postgres-subject.ts';

const reason = skipReason('postgres');
let stand: PostgresStand;

describe.skipIf(reason !== undefined)(`PostgreSQL keeps what the seam promises${reason ?? ''}`, () => {
  beforeAll(async () => {
    stand = await PostgresStand.start();
  });
  afterAll(() => stand[Symbol.asyncDispose]());

  test.for(storeCases)('$name', { timeout: 60_000 }, async (storeCase, { skip }) => {
    const why = await runStoreCase(stand.subject(), storeCase);
    if (why !== undefined) skip(why);
  });
});
