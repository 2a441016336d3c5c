import { queueCases, type QueueSubject, runQueueCase } from '@quorate/conformance';
import { type QueueStore, seededRandom, systemClock } from '@quorate/core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { createLmdbQueueStore } from '../src/index.ts';
import { testFolder } from './lmdb-subject.ts';

const folder = testFolder();
afterAll(() => folder[Symbol.dispose]());

describe.concurrent.each([
  ['os', 'thread'],
  ['os', 'inline'],
  ['fsync', 'thread'],
  ['fsync', 'inline'],
] as const)(
  'the LMDB queue store at durability %s, with commits of %s, keeps what the seam promises',
  (durability, commit) => {
    const options = { path: `${folder.path}/${durability}-${commit}`, durability, commit };
    const subject: QueueSubject = {
      name: `engine-lmdb, ${durability}, ${commit}`,
      open: ({ clock = systemClock } = {}) => createLmdbQueueStore({ ...options, clock }),
      clock: systemClock,
      random: seededRandom(`lmdb-queue-${durability}-${commit}`),
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
