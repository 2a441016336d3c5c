/**
 * Unsigned integers of 48 bits, little-endian: room for milliseconds until the year 10889 and for 2.8e14 log entries.
 *
 * @module
 */

/** The greatest value that 48 bits hold. */
export const uint48Max: number = 2 ** 48 - 1;

const word = 0x1_0000_0000;

/** Writes `value`, an integer from 0 to {@link uint48Max}, into six bytes. */
export function writeUint48(target: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / word);
  const low = value >>> 0;
  target[at] = low;
  target[at + 1] = low >>> 8;
  target[at + 2] = low >>> 16;
  target[at + 3] = low >>> 24;
  target[at + 4] = high;
  target[at + 5] = high >>> 8;
}

/** Reads what {@link writeUint48} wrote. The caller has checked that six bytes are there. */
export function readUint48(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at) + ((bytes[at + 4] as number) | ((bytes[at + 5] as number) << 8)) * word;
}

/** Reads four bytes, little-endian. The caller has checked that they are there. */
export function readUint32(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
  return low + (bytes[at + 3] as number) * 0x100_0000;
}

/** Writes an integer from 0 to 2^32 - 1 into four bytes, little-endian. */
export function writeUint32(target: Uint8Array, at: number, value: number): void {
  target[at] = value;
  target[at + 1] = value >>> 8;
  target[at + 2] = value >>> 16;
  target[at + 3] = value >>> 24;
}

/** The integer that a clock's reading counts as, within what fits. */
export function wholeMs(ms: number): number {
  return Math.min(uint48Max, Math.max(0, Math.floor(ms)));
}
