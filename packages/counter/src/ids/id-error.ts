import { QuorateError } from '@quorate/core';

/** The clock says less than it did, or than somebody's did who used this worker's number before. */
export function clockWentBack(text: string, byMs: number): QuorateError {
  return new QuorateError('CLOCK_WENT_BACK', `${text}: the clock is ${byMs} ms behind`, {
    outcome: 'not-applied',
    retryable: true,
  });
}

/** The worker's number is somebody else's, or may be soon. */
export function workerLost(name: string, cause: unknown): QuorateError {
  return new QuorateError('WORKER_LOST', `The worker number for ids "${name}" is lost`, {
    outcome: 'not-applied',
    cause,
  });
}

/** All ids of the time that may be used now are used. */
export function idsExhausted(name: string, why: string): QuorateError {
  return new QuorateError('IDS_EXHAUSTED', `There is no id "${name}" at this moment: ${why}`, {
    outcome: 'not-applied',
    retryable: true,
  });
}

/** Every worker number is leased. */
export function noWorker(name: string, workers: number): QuorateError {
  return new QuorateError('NO_WORKER', `All ${workers} worker numbers for ids "${name}" are leased`, {
    outcome: 'not-applied',
    retryable: true,
  });
}
