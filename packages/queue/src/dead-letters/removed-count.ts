import { QuorateError, type RemoveResult } from '@quorate/core';

/** How many there were. @throws QuorateError `UNAVAILABLE`, unknown, where nobody knows of all */
export function removedCount(queue: string, results: readonly RemoveResult[]): number {
  let count = 0;
  for (const result of results) {
    if (result.outcome === 'unknown')
      throw new QuorateError('UNAVAILABLE', `Nobody knows whether dead letters of "${queue}" were removed`, {
        retryable: true,
        cause: result.cause,
      });
    if (result.removed) count++;
  }
  return count;
}
