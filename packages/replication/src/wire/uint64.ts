/**
 * Unsigned integers below 2^53 in eight bytes, little-endian: terms, indexes and offsets.
 *
 * @module
 */

const word = 0x1_0000_0000;
/** What is left of 2^53 - 1 above 32 bits. */
const highMax = 0x1f_ffff;

/** Writes an integer from 0 to 2^53 - 1. */
export function writeUint64(target: Uint8Array, at: number, value: number): void {
  const low = value >>> 0;
  const high = (value - low) / word;
  target[at] = low;
  target[at + 1] = low >>> 8;
  target[at + 2] = low >>> 16;
  target[at + 3] = low >>> 24;
  target[at + 4] = high;
  target[at + 5] = high >>> 8;
  target[at + 6] = high >>> 16;
  target[at + 7] = 0;
}

/** Reads what {@link writeUint64} wrote; NaN for what is 2^53 or more. The caller has checked that eight bytes are there. */
export function readUint64(bytes: Uint8Array, at: number): number {
  const low =
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0;
  const high =
    ((bytes[at + 4] as number) |
      ((bytes[at + 5] as number) << 8) |
      ((bytes[at + 6] as number) << 16) |
      ((bytes[at + 7] as number) << 24)) >>>
    0;
  return high > highMax ? Number.NaN : low + high * word;
}
