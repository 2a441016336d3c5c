import { errorCode, type Outcome, QuorateError } from '@quorate/core';

/** No room: on the device, in the quota, or under the process's limit for a file. */
const fullCodes: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** The process or the machine has no file left to open: nothing has happened, and it passes. */
const busyCodes: ReadonlySet<string | undefined> = new Set(['EMFILE', 'ENFILE']);

/** What an error of the file system means to a {@link Disk}'s user. */
export function diskError(error: unknown, doing: string, outcome: Outcome = 'unknown'): QuorateError {
  if (error instanceof QuorateError) return error;
  const code = errorCode(error);
  if (fullCodes.has(code)) {
    const message = `There is no room for ${doing} (${code})`;
    return new QuorateError('STORAGE_FULL', message, {
      retryable: true,
      outcome: 'not-applied',
      cause: error,
    });
  }
  if (code === 'ENOENT') {
    return new QuorateError('NOT_FOUND', `No file for ${doing}`, { outcome: 'not-applied', cause: error });
  }
  if (code === 'EEXIST') {
    const message = `There is a file already for ${doing}`;
    return new QuorateError('ALREADY_EXISTS', message, { outcome: 'not-applied', cause: error });
  }
  const reason = code ?? (error instanceof Error ? error.message : String(error));
  const isBusy = busyCodes.has(code);
  return new QuorateError('IO_FAILED', `The file system failed at ${doing}: ${reason}`, {
    outcome: isBusy ? 'not-applied' : outcome,
    retryable: isBusy,
    cause: error,
  });
}
