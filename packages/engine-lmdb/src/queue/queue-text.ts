/** A half of a pair that stands for one character beyond the first 65,536, or a stray one. */
const surrogate = /[\ud800-\udfff]/;

/** What the UTF-8 of such a half begins with. */
const surrogateLead = 0xed;

/**
 * A text as bytes whose order is that of its UTF-16 code units: UTF-8, but that each half of a surrogate pair is written by itself
 * (CESU-8, Unicode Technical Report 26). Every string is read back as it was, also one that is not well formed.
 */
export function textBytes(text: string): Buffer {
  if (!surrogate.test(text)) return Buffer.from(text, 'utf8');
  const bytes = Buffer.allocUnsafe(text.length * 3);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) bytes[length++] = unit;
    else if (unit < 0x800) {
      bytes[length++] = 0xc0 | (unit >> 6);
      bytes[length++] = 0x80 | (unit & 0x3f);
    } else {
      bytes[length++] = 0xe0 | (unit >> 12);
      bytes[length++] = 0x80 | ((unit >> 6) & 0x3f);
      bytes[length++] = 0x80 | (unit & 0x3f);
    }
  }
  return bytes.subarray(0, length);
}

/** The text of {@link textBytes}. */
export function textOf(bytes: Buffer, start = 0, end: number = bytes.length): string {
  const at = bytes.indexOf(surrogateLead, start);
  if (at === -1 || at >= end) return bytes.toString('utf8', start, end);
  const units: number[] = [];
  for (let place = start; place < end; ) {
    const lead = bytes[place] as number;
    const more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : 2;
    let unit = more === 0 ? lead : more === 1 ? lead & 0x1f : lead & 0x0f;
    for (let step = 1; step <= more; step++) unit = (unit << 6) | ((bytes[place + step] as number) & 0x3f);
    units.push(unit);
    place += more + 1;
  }
  return units.map(unit => String.fromCharCode(unit)).join('');
}
