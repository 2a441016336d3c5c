import { type Entry, notANumber, tooLarge } from '@quorate/core';

/** The number that an `add` leaves. @throws RangeError where there is no number, or the sum would not fit 64 bits */
export function int64Sum(key: string, current: Entry | undefined, delta: bigint): bigint {
  const text = current === undefined ? '0' : new TextDecoder().decode(current.value);
  if (!/^-?\d{1,19}$/.test(text)) throw new RangeError(notANumber(key, text));
  const sum = BigInt(text) + delta;
  if (BigInt.asIntN(64, sum) !== sum) throw new RangeError(tooLarge(key, delta));
  return sum;
}
