import { QuorateError } from '@quorate/core';

/**
 * Fresh memory that threads can share.
 *
 * @throws QuorateError `UNSUPPORTED` where there is none: a page that is not cross-origin isolated.
 */
export function sharedMemory(bytes: number): SharedArrayBuffer {
  if (typeof SharedArrayBuffer === 'function') return new SharedArrayBuffer(bytes);
  throw new QuorateError(
    'UNSUPPORTED',
    'There is no shared memory here: the page is not cross-origin isolated',
    {
      outcome: 'not-applied',
    },
  );
}
