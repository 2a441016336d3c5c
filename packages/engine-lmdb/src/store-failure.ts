import { errorCode, QuorateError } from '@quorate/core';

/** There is no room for what was to be written; nothing was. */
export function storageFull(message: string, cause?: unknown): QuorateError {
  return new QuorateError('STORAGE_FULL', message, {
    retryable: true,
    outcome: 'not-applied',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The database cannot be reached, or not any more. */
export function unavailable(
  message: string,
  outcome: 'not-applied' | 'unknown',
  cause?: unknown,
): QuorateError {
  return new QuorateError('UNAVAILABLE', message, {
    retryable: true,
    outcome,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** What was committed may not be durable; not even where there was no room for it is it certain that nothing of it stands. */
export function notDurable(thrown: unknown): QuorateError {
  return unavailable(`What was committed could not be made durable: ${String(thrown)}`, 'unknown', thrown);
}

/** What was found at the path is no database of this store, or not one that this version can use. */
export function unusable(
  code: 'STORE_CORRUPT' | 'STORE_VERSION',
  message: string,
  cause?: unknown,
): QuorateError {
  return new QuorateError(code, message, {
    outcome: 'not-applied',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** No space on the device, no space in the map, a file or a quota at its limit. */
const fullTexts = /no space|MDB_MAP_FULL|file too large|quota|ENOSPC|EFBIG|EDQUOT/i;

/** What LMDB calls a write that was cut short, which is how a disk begins to be full. */
const cutShortText = /input\/output error/i;

/**
 * What LMDB threw.
 *
 * @param isUnknown whether nobody can tell if the transaction was committed; where there was no room it was not
 */
export function translated(thrown: unknown, isUnknown: boolean): unknown {
  if (thrown instanceof QuorateError || thrown instanceof RangeError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (fullTexts.test(message)) return storageFull(`There is no room on the disk: ${message}`, thrown);
  if (!isUnknown && cutShortText.test(message)) {
    return storageFull(
      `A write was cut short: there is no room on the disk, or it fails: ${message}`,
      thrown,
    );
  }
  const code = errorCode(thrown);
  const text = `LMDB failed${code === undefined ? '' : ` with ${code}`}: ${message}`;
  return unavailable(text, isUnknown ? 'unknown' : 'not-applied', thrown);
}
