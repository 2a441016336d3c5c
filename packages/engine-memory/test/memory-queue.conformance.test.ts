import { queueCases, type QueueSubject, runQueueCase } from '@quorate/conformance';
import { seededRandom, systemClock } from '@quorate/core';
import { describe, test } from 'vitest';
import { createMemoryQueueStore } from '../src/index.ts';

const first = createMemoryQueueStore();

const subject: QueueSubject = {
  name: 'memory',
  open: async () => first.open(),
  clock: systemClock,
  random: seededRandom('memory-queue'),
  leaseMs: 200,
  patienceMs: 30_000,
};

describe.concurrent('the memory queue store keeps what the seam promises', () => {
  test.for(queueCases)('$name', async (queueCase, { skip }) => {
    const reason = await runQueueCase(subject, queueCase);
    if (reason !== undefined) skip(reason);
  });
});
