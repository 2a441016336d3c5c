/**
 * Names as they are stored: PostgreSQL sorts texts by code points, and the seam by UTF-16 code units, which differ from U+E000 on.
 * Characters beyond U+FFFF are moved below those, and back: the order is the seam's then, and names that have none of either, which
 * are nearly all, stay as they are.
 */
export function storedName(name: string): string {
  if (!/[\u{E000}-\u{10FFFF}]/u.test(name)) return name;
  return name.replace(/[\u{E000}-\u{10FFFF}]/gu, character => {
    const point = character.codePointAt(0) as number;
    return String.fromCodePoint(point > 0xffff ? point - movedBy : point + astralCount);
  });
}

/** The name of a stored one. */
export function nameOf(stored: string): string {
  if (!/[\u{E000}-\u{10FFFF}]/u.test(stored)) return stored;
  return stored.replace(/[\u{E000}-\u{10FFFF}]/gu, character => {
    const point = character.codePointAt(0) as number;
    return String.fromCodePoint(point < firstMoved + astralCount ? point + movedBy : point - astralCount);
  });
}

const firstMoved = 0xe000;
const movedBy = 0x1_0000 - firstMoved;
const astralCount = 0x10_0000;

/** Before ids that PostgreSQL could not hold as they are. */
const escape = '\u0001';

/** Ids and owners as they are stored: any string, also with NUL and lone surrogates, which no text of PostgreSQL can hold. */
export function storedText(text: string): string {
  if (!/[\0\p{Surrogate}]/u.test(text) && !text.startsWith(escape)) return text;
  return escape + Buffer.from(text, 'utf16le').toString('hex');
}

/** What was stored. */
export function textOfStored(stored: string): string {
  if (!stored.startsWith(escape)) return stored;
  return Buffer.from(stored.slice(1), 'hex').toString('utf16le');
}

/** What begins with a prefix that names its partition whole: one name by itself, and all from one to another. */
export function boundsOf(prefix: string): readonly [exact: string | null, from: string, to: string] {
  const stored = storedName(prefix);
  const from = stored.includes('/') ? stored : `${stored}/`;
  return [from === stored ? null : stored, from, from + '\u{10FFFF}'.repeat(2)];
}
