/**
 * The Distinguished Encoding Rules of ASN.1 (ITU-T X.690), as far as a certificate needs them. Only ever written, not read:
 * reading certificates is left to the TLS library.
 *
 * @module
 */

/** One value with its tag: what is inside is bytes already, or other values. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(contents);
  return Buffer.concat([Uint8Array.of(tag, ...lengthOf(body.length)), body]);
}

/** Below 128 one byte; otherwise how many bytes the length has, and those, highest first (§8.1.3). */
function lengthOf(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

export const sequence = (...contents: readonly Uint8Array[]): Uint8Array => der(0x30, ...contents);
export const set = (...contents: readonly Uint8Array[]): Uint8Array => der(0x31, ...contents);
export const octets = (...contents: readonly Uint8Array[]): Uint8Array => der(0x04, ...contents);
export const text = (value: string): Uint8Array => der(0x0c, Buffer.from(value, 'utf8'));
export const yes: Uint8Array = der(0x01, Uint8Array.of(0xff));

/** `[n]` around whole values. */
export const explicit = (number: number, ...contents: readonly Uint8Array[]): Uint8Array =>
  der(0xa0 | number, ...contents);

/** `[n]` in place of a value's own tag. */
export const implicit = (number: number, content: Uint8Array): Uint8Array => der(0x80 | number, content);

/** A non-negative integer, highest byte first, in as few bytes as keep its first bit 0 (§8.3). */
export function integer(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const shortest = bytes.subarray(start);
  const sign = ((shortest[0] ?? 0) & 0x80) === 0 ? [] : [0];
  return der(0x02, Uint8Array.from(sign), shortest);
}

/** A string of whole bytes. */
export const bits = (bytes: Uint8Array): Uint8Array => der(0x03, Uint8Array.of(0), bytes);

/** Named bits, the first the highest of the first byte; trailing zeros are not written (§11.2.2). */
export function flags(byte: number): Uint8Array {
  let unused = 0;
  while (unused < 7 && ((byte >> unused) & 1) === 0) unused++;
  return der(0x03, Uint8Array.of(unused, byte));
}

/** `1.2.840…`: the first two arcs in one number, each number in base 128, highest digit first (§8.19). */
export function objectId(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const digits = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
      digits.unshift((left % 128) | 0x80);
    }
    bytes.push(...digits);
  }
  return der(0x06, Uint8Array.from(bytes));
}

/** A moment, to the second: two digits of the year until 2049, four from 2050 on (RFC 5280 §4.1.2.5). */
export function time(wallMs: number): Uint8Array {
  const date = new Date(wallMs);
  const digits = `${date.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
  const short = date.getUTCFullYear() < 2050;
  return der(short ? 0x17 : 0x18, Buffer.from(short ? digits.slice(2) : digits, 'latin1'));
}
