/** A delta as 64-bit words take it. @throws TypeError, RangeError */
export function wordDelta(delta: bigint | number): bigint {
  // Whole numbers of 32 bits become words without an allocation.
  if (typeof delta === 'number' && (delta | 0) === delta) return BigInt(delta);
  return checked(delta);
}

function checked(delta: bigint | number): bigint {
  if (typeof delta === 'number') {
    if (Number.isSafeInteger(delta)) return BigInt(delta);
    throw new RangeError(`Delta must be an integer that is exact, else a bigint: received ${delta}`);
  }
  if (typeof delta !== 'bigint')
    throw new TypeError(`Delta must be a bigint or a number: received ${String(delta)}`);
  if (BigInt.asIntN(64, delta) === delta) return delta;
  throw new RangeError(`Delta must fit a signed 64-bit integer: received ${delta}`);
}
