import { runStoreCase, storeCases } from '@quorate/conformance';
import { describe, test } from 'vitest';
import { memorySubject } from './memory-subject.ts';

const subject = memorySubject();

describe.concurrent('the memory store keeps what the seam promises', () => {
  test.for(storeCases)('$name', async (storeCase, { skip }) => {
    const reason = await runStoreCase(subject, storeCase);
    if (reason !== undefined) skip(reason);
  });
});
