import type { GroupId, RecoveredLog } from '@quorate/core';

/**
 * Checks what is to be read of a group against what it holds.
 *
 * @throws RangeError which says what is wrong with it
 */
export function checkRead(
  group: GroupId,
  { first, last }: RecoveredLog,
  from: number,
  to: number,
  bytesMax: number,
): void {
  const isWhole = Number.isSafeInteger(from) && Number.isSafeInteger(to);
  if (!isWhole || from < first || to > last + 1 || from > to) {
    throw new RangeError(
      `Entries of group ${group} must be within ${first} to ${last + 1}: received ${String(from)} to ${String(to)}`,
    );
  }
  if (typeof bytesMax !== 'number' || !(bytesMax >= 0)) {
    throw new RangeError(`Bytes to read must be a number of at least 0: received ${String(bytesMax)}`);
  }
}
