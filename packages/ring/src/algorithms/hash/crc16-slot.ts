/**
 * The hash slot of a key in Redis Cluster: CRC16 of the key, or of its hash tag, modulo 16384
 * (Redis Cluster specification, "Key distribution model" and "Hash tags"; cluster.c, `keyHashSlot`).
 * The CRC is CRC-16/XMODEM: polynomial 0x1021, initial value 0, nothing reflected; of "123456789" it is 0x31C3.
 */

import { badKey, type Key } from '../../key.ts';
import { encoded, encodeUtf8 } from '../../hash/utf8.ts';

/** How many slots a Redis Cluster has. */
export const SLOT_COUNT = 16384;

const OPEN = 0x7b;
const CLOSE = 0x7d;

/**
 * `[0, 256)`: the CRC of one byte. `[256, 512)`: the CRC of that byte followed by a zero byte, so that a step of two bytes
 * is two independent loads instead of two in a row.
 */
const table = makeTable();

function makeTable(): Uint16Array {
  const made = new Uint16Array(512);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
    made[byte] = crc;
  }
  for (let byte = 0; byte < 256; byte++) {
    const crc = made[byte] as number;
    made[256 + byte] = (crc << 8) ^ (made[crc >>> 8] as number);
  }
  return made;
}

function step(crc: number, byte: number): number {
  return ((crc << 8) & 0xffff) ^ (table[(crc >>> 8) ^ byte] as number);
}

function stepTwo(crc: number, first: number, second: number): number {
  return (table[256 + ((crc >>> 8) ^ first)] as number) ^ (table[(crc & 0xff) ^ second] as number);
}

function slotOfString(key: string): number {
  const length = key.length;
  let crc = 0;
  let i = 0;
  for (; i + 1 < length; i += 2) {
    const first = key.charCodeAt(i);
    const second = key.charCodeAt(i + 1);
    if ((first | second) >= 0x80 || first === OPEN || second === OPEN) return slotOfOther(key);
    crc = stepTwo(crc, first, second);
  }
  if (i < length) {
    const last = key.charCodeAt(i);
    if (last >= 0x80) return slotOfOther(key);
    // A `{` in the last place opens no tag.
    crc = step(crc, last);
  }
  return crc & (SLOT_COUNT - 1);
}

/** A key with a brace or with something outside ASCII: by its bytes. */
function slotOfOther(key: string): number {
  const length = encodeUtf8(key);
  return slotOfBytes(encoded.bytes, length);
}

/** The slot of the first `length` bytes, by the rule for hash tags. */
function slotOfBytes(bytes: Uint8Array, length: number): number {
  let from = 0;
  let until = length;
  let open = 0;
  while (open < length && bytes[open] !== OPEN) open++;
  let close = open + 1;
  while (close < length && bytes[close] !== CLOSE) close++;
  if (close < length && close > open + 1) {
    from = open + 1;
    until = close;
  }
  let crc = 0;
  for (let i = from; i < until; i++) crc = step(crc, bytes[i] as number);
  return crc & (SLOT_COUNT - 1);
}

/**
 * The slot of a key, 0 to 16383.
 *
 * Hash tags by the letter of the specification: only the first `{` counts and the first `}` after it; with nothing in
 * between, or without a `}`, the whole key is hashed, even if another pair of braces follows (`foo{}{bar}`).
 * Strings are hashed as UTF-8, lone surrogates as U+FFFD. O(length), no allocation.
 *
 * @throws TypeError on anything but text and bytes.
 */
export function redisSlot(key: Key): number {
  if (typeof key === 'string') return slotOfString(key);
  if (key instanceof Uint8Array) return slotOfBytes(key, key.length);
  throw badKey(key);
}
