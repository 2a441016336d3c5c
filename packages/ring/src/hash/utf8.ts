/**
 * UTF-8 of a text without an allocation per call, for the hashes that want bytes.
 *
 * The bytes lie in `encoded.bytes` until the next call. The buffer grows to the longest text seen; one above `KEEP_MAX` is
 * given up at the first text that does not need it.
 */
export const encoded: { bytes: Uint8Array } = { bytes: new Uint8Array(1024) };

const KEEP_MAX = 1 << 20;

/** Writes the UTF-8 bytes of `text` into `encoded.bytes`, lone surrogates as U+FFFD, and gives their count. */
export function encodeUtf8(text: string): number {
  const size = text.length * 3;
  if (size > encoded.bytes.length) encoded.bytes = new Uint8Array(size);
  else if (encoded.bytes.length > KEEP_MAX && size <= KEEP_MAX)
    encoded.bytes = new Uint8Array(Math.max(1024, size));
  const bytes = encoded.bytes;
  const length = text.length;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return encodeRest(text, i, bytes);
    bytes[i] = unit;
  }
  return length;
}

/** Goes on from the first unit outside ASCII; so far units and bytes have the same index. */
function encodeRest(text: string, from: number, bytes: Uint8Array): number {
  let at = from;
  for (let i = from; i < text.length; i++) {
    const point = codePointAt(text, i);
    if (point < 0x80) {
      bytes[at++] = point;
    } else if (point < 0x800) {
      bytes[at++] = 0xc0 | (point >> 6);
      bytes[at++] = 0x80 | (point & 0x3f);
    } else if (point < 0x10000) {
      bytes[at++] = 0xe0 | (point >> 12);
      bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
      bytes[at++] = 0x80 | (point & 0x3f);
    } else {
      bytes[at++] = 0xf0 | (point >> 18);
      bytes[at++] = 0x80 | ((point >> 12) & 0x3f);
      bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
      bytes[at++] = 0x80 | (point & 0x3f);
      i++;
    }
  }
  return at;
}

/** The code point at a unit, U+FFFD for half a surrogate pair. */
function codePointAt(text: string, i: number): number {
  const point = text.codePointAt(i) as number;
  return point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
}
