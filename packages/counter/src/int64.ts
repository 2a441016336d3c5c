import { notANumber } from '@quorate/core';

export const int64Min: bigint = -(2n ** 63n);
export const int64Max: bigint = 2n ** 63n - 1n;

/** A delta as it was given: small ones stay numbers, which are added up many times as fast. */
export type Delta = bigint | number;

/** @throws TypeError, RangeError unless an integer of 64 bits, and exact */
export function checkDelta(delta: Delta): void {
  if (typeof delta === 'number') {
    if (Number.isSafeInteger(delta)) return;
    throw new RangeError(`Delta must be an integer that is exact, else a bigint: received ${delta}`);
  }
  if (typeof delta !== 'bigint')
    throw new TypeError(`Delta must be a bigint or a number: received ${String(delta)}`);
  if (BigInt.asIntN(64, delta) === delta) return;
  throw new RangeError(`Delta must fit a signed 64-bit integer: received ${delta}`);
}

/** The sum, as a number for as long as that is exact. */
export function plus(one: Delta, other: Delta): Delta {
  if (typeof one === 'number' && typeof other === 'number') {
    const sum = one + other;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return BigInt(one) + BigInt(other);
}

export function fits(value: Delta): boolean {
  return typeof value === 'number' || (value >= int64Min && value <= int64Max);
}

/** The number that an entry holds. @throws RangeError where it is none */
export function readNumber(key: string, bytes: Uint8Array): bigint {
  const text = new TextDecoder().decode(bytes);
  if (!/^-?\d{1,19}$/.test(text)) throw new RangeError(notANumber(key, text));
  return BigInt(text);
}

export function numberBytes(value: bigint): Uint8Array {
  return new TextEncoder().encode(`${value}`);
}
