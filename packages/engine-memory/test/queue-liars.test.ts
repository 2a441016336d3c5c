import { queueCases, type QueueSubject, runQueueCase } from '@quorate/conformance';
import { seededRandom, systemClock } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { createMemoryQueueStore } from '../src/index.ts';
import { lying, queueLiars } from './queue-liars.ts';

describe.concurrent('a case catches the queue store that', () => {
  test.for(queueLiars)('%s: %s', async ([begin, , lie]) => {
    const [queueCase, ...others] = queueCases.filter(({ name }) => name.startsWith(begin));
    expect(others).toEqual([]);
    const first = createMemoryQueueStore();
    const subject: QueueSubject = {
      name: 'liar',
      open: async () => lying(first.open(), lie),
      clock: systemClock,
      random: seededRandom('liars'),
      leaseMs: 100,
      patienceMs: 2000,
    };
    const run = runQueueCase(subject, queueCase as (typeof queueCases)[number]);
    await expect(run).rejects.toThrow('is not kept');
  });
});
