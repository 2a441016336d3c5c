import type { QueueCapabilities } from '@quorate/core';
import { runSeamCase, type SeamCase } from '../seam-case.ts';
import { QueueStage } from './queue-stage.ts';
import type { QueueFault, QueueSubject } from './queue-subject.ts';

/** One promise of the QueueStore seam. */
export type QueueCase = SeamCase<QueueCapabilities, QueueFault, QueueStage>;

/** Runs one case on a subject: see `runSeamCase`. */
export function runQueueCase(subject: QueueSubject, queueCase: QueueCase): Promise<string | undefined> {
  const { name, clock, leaseMs } = subject;
  return runSeamCase(
    { name, clock, ttlMs: leaseMs, faults: subject },
    queueCase,
    options => new QueueStage(subject, options),
  );
}
