import { runStoreCase, storeCases } from '@quorate/conformance';
import type { Store } from '@quorate/core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { createLmdbStore } from '../src/index.ts';
import { lmdbSubject, testFolder } from './lmdb-subject.ts';

const folder = testFolder();
afterAll(() => folder[Symbol.dispose]());

describe.each(['os', 'fsync'] as const)(
  'the LMDB store at durability %s keeps what the seam promises',
  durability => {
    const options = { path: `${folder.path}/${durability}`, durability };
    // The thread's host of the database stays open between the cases.
    let anchor: Store;
    beforeAll(async () => {
      anchor = await createLmdbStore(options);
    });
    afterAll(() => anchor[Symbol.asyncDispose]());
    test.for(storeCases)('$name', async (storeCase, { skip }) => {
      const reason = await runStoreCase(lmdbSubject(options), storeCase);
      if (reason !== undefined) skip(reason);
    });
  },
);
