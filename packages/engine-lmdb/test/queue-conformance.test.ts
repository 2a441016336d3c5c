import { queueCases, type QueueSubject, runQueueCase } from '@quorate/conformance';
import { type QueueStore, seededRandom, systemClock } from '@quorate/core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { createLmdbQueueStore } from '../src/index.ts';
import { testFolder } from './lmdb-subject.ts';

const folder = testFolder();
afterAll(() => folder[Symbol.dispose]());

describe.concurrent.each(['os', 'fsync'] as const)(
  'the LMDB queue store at durability %s keeps what the seam promises',
  durability => {
    const options = { path: `${folder.path}/${durability}`, durability };
    const subject: QueueSubject = {
      name: `engine-lmdb, ${durability}`,
      open: ({ clock = systemClock } = {}) => createLmdbQueueStore({ ...options, clock }),
      clock: systemClock,
      random: seededRandom(`lmdb-queue-${durability}`),
      leaseMs: 300,
      patienceMs: 20_000,
    };
    // The thread's host of the database stays open between the cases.
    let anchor: QueueStore;
    beforeAll(async () => {
      anchor = await createLmdbQueueStore(options);
    });
    afterAll(() => anchor[Symbol.asyncDispose]());
    test.for(queueCases)('$name', async (queueCase, { skip }) => {
      const reason = await runQueueCase(subject, queueCase);
      if (reason !== undefined) skip(reason);
    });
  },
);
