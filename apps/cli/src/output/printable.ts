const control = /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const mark = /\p{Mn}|\p{Me}|\u200b|\u200d/u;

/**
 * A text that a terminal shows as it is: control characters and marks of direction become `\u{…}`.
 *
 * Ids and keys come from files; printed raw, they could move the cursor or change what was printed before.
 */
export function printable(text: string): string {
  return text.replace(control, character => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
}

/** How many cells of a terminal a printable text fills: two for East Asian wide characters, none for combining marks. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += mark.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return width;
}

/** At most `width` cells of a text; a longer one ends with an ellipsis. */
export function clipped(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  for (const character of text) {
    if (widthOf(kept + character) > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}
