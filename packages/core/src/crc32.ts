/**
 * CRC-32 (IEEE 802.3, reflected polynomial 0xEDB88320): the checksum of frames on the wire and of batches on disk.
 *
 * CRC-32C would find a few more of the patterns of three and four flipped bits in long frames, but no runtime offers it to
 * JavaScript. This one Node has as `zlib.crc32`: three times as fast as the best loop of our own from 4 KiB on, while under
 * half a KiB the loop wins by as much, because the call into C++ costs more than the work. So both are used, by length, and
 * browsers and workers without Node use the loop for everything: the value is the same.
 *
 * @module
 */

const polynomial = 0xedb8_8320;

/** From this many bytes on the call into `zlib` pays. */
const nativeFromBytes = 1024;

type NativeCrc32 = (data: Uint8Array, value: number) => number;

const native: NativeCrc32 | undefined = globalThis.process?.getBuiltinModule?.('node:zlib')?.crc32;

/** Sixteen tables of 256 words: table `n` is what a byte does to the checksum when `n` more bytes follow it. */
const tables: Int32Array = makeTables();

/**
 * The checksum of `bytes` from `start` up to but excluding `end`, as an unsigned 32-bit number.
 *
 * @param seed the checksum of what came before, or any other 32-bit number to start from; different seeds never give the
 *   same checksum for the same bytes
 */
export function crc32(bytes: Uint8Array, start = 0, end: number = bytes.length, seed = 0): number {
  if (native !== undefined && end - start >= nativeFromBytes)
    return native(bytes.subarray(start, end), seed >>> 0);
  return crc32Portable(bytes, start, end, seed);
}

/** {@link crc32} without `zlib`, sixteen bytes at a time (Kounavis and Berry 2005, "slicing"). */
export function crc32Portable(bytes: Uint8Array, start: number, end: number, seed: number): number {
  const t = tables;
  const lastBlock = end - 16;
  let crc = ~seed;
  let at = start;
  for (; at <= lastBlock; at += 16) {
    crc ^= word(bytes, at);
    crc =
      at4(t, 3072, crc) ^
      at4(t, 2048, word(bytes, at + 4)) ^
      at4(t, 1024, word(bytes, at + 8)) ^
      at4(t, 0, word(bytes, at + 12));
  }
  for (; at < end; at++) {
    crc = (t[(crc ^ (bytes[at] as number)) & 255] as number) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

function word(b: Uint8Array, at: number): number {
  return (
    (b[at] as number) |
    ((b[at + 1] as number) << 8) |
    ((b[at + 2] as number) << 16) |
    ((b[at + 3] as number) << 24)
  );
}

/** What four bytes do to the checksum, the last of them with the table at `base`. */
function at4(t: Int32Array, base: number, value: number): number {
  return (
    (t[base + 768 + (value & 255)] as number) ^
    (t[base + 512 + ((value >>> 8) & 255)] as number) ^
    (t[base + 256 + ((value >>> 16) & 255)] as number) ^
    (t[base + (value >>> 24)] as number)
  );
}

function makeTables(): Int32Array {
  const made = new Int32Array(16 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    made[byte] = crc;
  }
  for (let at = 256; at < made.length; at++) {
    const shorter = made[at - 256] as number;
    made[at] = (made[shorter & 255] as number) ^ (shorter >>> 8);
  }
  return made;
}
