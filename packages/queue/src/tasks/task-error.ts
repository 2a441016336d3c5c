import { QuorateError } from '@quorate/core';
import { type ErrorRecord, revivedError } from './error-record.ts';

/** The task failed for good. Its cause is what its last attempt threw; retryable where that was, and the attempts were used up. */
export function taskFailed(
  id: string,
  record: ErrorRecord,
  retryable: boolean,
  attempts: number,
): QuorateError {
  const tries = attempts === 1 ? 'its only attempt' : `attempt ${attempts}`;
  return new QuorateError('TASK_FAILED', `Task "${id}" failed in ${tries}: ${record.message}`, {
    outcome: 'unknown',
    retryable,
    cause: revivedError(record),
  });
}

/** Somebody cancelled it. */
export function taskCancelled(id: string, outcome: 'not-applied' | 'unknown' = 'unknown'): QuorateError {
  return new QuorateError('TASK_CANCELLED', `Task "${id}" was cancelled`, { outcome });
}

/** Nothing is left of it that could tell. */
export function taskGone(id: string): QuorateError {
  return new QuorateError(
    'TASK_GONE',
    `Nothing is known of task "${id}": it was purged, its result has had its time, or it was never sent`,
    { outcome: 'unknown' },
  );
}

/** Its attempt took longer than it may. */
export function taskTimeout(id: string, timeoutMs: number): QuorateError {
  return new QuorateError('TASK_TIMEOUT', `An attempt of task "${id}" took longer than ${timeoutMs} ms`, {
    outcome: 'unknown',
    retryable: true,
  });
}

/** Processes died on it, one after the other. */
export function taskCrashed(id: string, crashCount: number): QuorateError {
  return new QuorateError(
    'TASK_CRASHED',
    `Task "${id}" was started ${crashCount} times by workers of which nothing was heard again`,
    { outcome: 'unknown' },
  );
}
