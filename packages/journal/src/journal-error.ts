import { QuorateError } from '@quorate/core';
import { formatVersion } from './format/record.ts';

/** Damage that is no torn tail, and where. Nobody knows what else is lost, so the journal must not be used for voting. */
export function corrupt(file: string, offset: number, expected: string, cause?: unknown): QuorateError {
  return new QuorateError(
    'JOURNAL_CORRUPT',
    `File "${file}" is damaged at offset ${offset}: expected ${expected}`,
    { outcome: 'not-applied', ...(cause === undefined ? {} : { cause }) },
  );
}

/** What is sound, and was written by another version: nobody knows what it says, so it is neither read nor removed. */
export function otherVersion(file: string, offset: number, version: number): QuorateError {
  return new QuorateError(
    'JOURNAL_CORRUPT',
    `File "${file}" has format version ${version} at offset ${offset}: this version of the code reads ${formatVersion}`,
    { outcome: 'not-applied' },
  );
}

/** What every call gets once a write or a sync has failed; only the calls that were in flight have the outcome `unknown`. */
export function failed(cause: unknown, outcome: 'unknown' | 'not-applied'): QuorateError {
  return new QuorateError(
    'JOURNAL_FAILED',
    'A write or sync of the journal failed, so what is on disk is unknown until it is opened again',
    { outcome, cause },
  );
}

export function closed(): QuorateError {
  return new QuorateError('JOURNAL_CLOSED', 'The journal was closed', { outcome: 'not-applied' });
}

/** No room: nothing of the call was applied, and the same call succeeds once there is room. */
export function storageFull(what: string, cause?: unknown): QuorateError {
  return new QuorateError('STORAGE_FULL', `There is no room for ${what}`, {
    outcome: 'not-applied',
    retryable: true,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Too much waits for the disk: nothing of the call was applied. */
export function busy(bytesMax: number): QuorateError {
  return new QuorateError('JOURNAL_BUSY', `More than ${bytesMax} bytes wait for the disk`, {
    outcome: 'not-applied',
    retryable: true,
  });
}
