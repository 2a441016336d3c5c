/** Reflected form of the Castagnoli polynomial (RFC 3720, appendix B.4). */
const polynomial = 0x82f6_3b78;

/** Sixteen tables of 256 words: the last byte of a block looks into the first of them, the first byte into the last. */
const tables: Int32Array = makeTables();

function makeTables(): Int32Array {
  const made = new Int32Array(16 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let sum = byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ polynomial : sum >>> 1;
    made[byte] = sum;
  }
  for (let place = 256; place < made.length; place++) {
    const before = made[place - 256] as number;
    made[place] = (before >>> 8) ^ (made[before & 0xff] as number);
  }
  return made;
}

/**
 * The CRC32C of the bytes from `start` up to `end`, continued from `seed`: the sum of what comes before them, 0 at the start.
 *
 * Sixteen bytes at a time with a table for each (Kounavis, Berry, "Novel Table Lookup-Based Algorithms for High-Performance
 * CRC Generation", 2008), since one chain of single lookups would wait for memory at each byte.
 */
export function crc32c(seed: number, view: DataView, start: number, end: number): number {
  const table = tables;
  let sum = ~seed;
  let at = start;
  for (; at + 16 <= end; at += 16) {
    const a = sum ^ view.getInt32(at, true);
    const b = view.getInt32(at + 4, true);
    const c = view.getInt32(at + 8, true);
    const d = view.getInt32(at + 12, true);
    sum =
      (table[3840 + (a & 0xff)] as number) ^
      (table[3584 + ((a >>> 8) & 0xff)] as number) ^
      (table[3328 + ((a >>> 16) & 0xff)] as number) ^
      (table[3072 + (a >>> 24)] as number) ^
      (table[2816 + (b & 0xff)] as number) ^
      (table[2560 + ((b >>> 8) & 0xff)] as number) ^
      (table[2304 + ((b >>> 16) & 0xff)] as number) ^
      (table[2048 + (b >>> 24)] as number) ^
      (table[1792 + (c & 0xff)] as number) ^
      (table[1536 + ((c >>> 8) & 0xff)] as number) ^
      (table[1280 + ((c >>> 16) & 0xff)] as number) ^
      (table[1024 + (c >>> 24)] as number) ^
      (table[768 + (d & 0xff)] as number) ^
      (table[512 + ((d >>> 8) & 0xff)] as number) ^
      (table[256 + ((d >>> 16) & 0xff)] as number) ^
      (table[d >>> 24] as number);
  }
  for (; at + 4 <= end; at += 4) {
    const a = sum ^ view.getInt32(at, true);
    sum =
      (table[768 + (a & 0xff)] as number) ^
      (table[512 + ((a >>> 8) & 0xff)] as number) ^
      (table[256 + ((a >>> 16) & 0xff)] as number) ^
      (table[a >>> 24] as number);
  }
  for (; at < end; at++) sum = (sum >>> 8) ^ (table[(sum ^ view.getUint8(at)) & 0xff] as number);
  return ~sum >>> 0;
}
