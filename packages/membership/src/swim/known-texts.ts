/**
 * Texts that were read before, so that an id that is read a thousand times a second is one string and not a thousand.
 *
 * A new string has to be made flat and hashed before a map finds it; that took most of the time of reading news. Each slot
 * holds the last text that fell into it, compared byte by byte, so what is given is always what was read.
 */
const slotCount = 4096;
const texts: (string | undefined)[] = new Array<string | undefined>(slotCount).fill(undefined);

/** The text of `length` bytes from `start`, where all are ASCII; nothing where one is not. */
export function knownAscii(bytes: Uint8Array, start: number, length: number): string | undefined {
  let hash = length;
  for (let at = start; at < start + length; at++) {
    const byte = bytes[at] as number;
    if (byte > 127) return undefined;
    hash = Math.imul(hash ^ byte, 0x0100_0193);
  }
  const slot = (hash ^ (hash >>> 15)) & (slotCount - 1);
  const known = texts[slot];
  if (known !== undefined && isSame(known, bytes, start, length)) return known;
  const text = String.fromCharCode(...bytes.subarray(start, start + length));
  texts[slot] = text;
  return text;
}

function isSame(text: string, bytes: Uint8Array, start: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let index = 0; index < length; index++) {
    if (text.charCodeAt(index) !== bytes[start + index]) return false;
  }
  return true;
}
