/** A piece of HTML or SVG that is safe to put into a page as it is. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Piece = string | number | Markup | readonly Markup[];

/** A template whose insertions are escaped unless they are markup themselves: ids and keys of users cannot become tags. */
export function markup(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  let text = strings[0] ?? '';
  for (const [at, piece] of pieces.entries()) text += rendered(piece) + (strings[at + 1] ?? '');
  return new Markup(text);
}

function rendered(piece: Piece): string {
  if (piece instanceof Markup) return piece.text;
  if (typeof piece === 'number') return shortNumber(piece);
  if (typeof piece === 'string') return escaped(piece);
  return piece.map(({ text }) => text).join('');
}

/** Coordinates need no more than hundredths. */
function shortNumber(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, character => entities[character] as string);
}
