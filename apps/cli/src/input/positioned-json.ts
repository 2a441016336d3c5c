/** A value of a JSON text with the place it starts at, in UTF-16 units from the start of the text. */
export type JsonNode =
  | { readonly kind: 'scalar'; readonly offset: number; readonly value: JsonScalar; readonly source: string }
  | { readonly kind: 'array'; readonly offset: number; readonly items: readonly JsonNode[] }
  | { readonly kind: 'object'; readonly offset: number; readonly members: readonly JsonMember[] };

/** A string, number, boolean or null. */
export type JsonScalar = string | number | boolean | null;

/** One member of an object. Repeated keys are kept: `JSON.parse` would drop all but the last without a word. */
export interface JsonMember {
  readonly key: string;
  readonly offset: number;
  readonly node: JsonNode;
}

/** The text is not JSON at `offset`. */
export class JsonError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = 'JsonError';
    this.offset = offset;
  }
}

const depthMax = 64;
const space = /[ \t\r\n]*/y;
const stringToken = /"[^"\\]*(?:\\[^][^"\\]*)*"/y;
const numberToken = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const wordToken = /[+-]?[\p{L}\p{N}_$][\p{L}\p{N}_$.+-]*/uy;
const words: ReadonlyMap<string, JsonScalar> = new Map<string, JsonScalar>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/**
 * Parses JSON (RFC 8259), keeping where each value stands so that a complaint can point at it.
 *
 * @throws JsonError at the first place that is not JSON, or nests deeper than 64 levels
 */
export function parsePositioned(text: string): JsonNode {
  const reader = new Reader(text);
  const node = reader.value(0);
  reader.skipSpace();
  if (reader.offset < text.length) throw reader.unexpected('the end of the file');
  return node;
}

/** Line and column of a place in a text, both from 1; columns count characters, not bytes. */
export function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split(/\r\n|\n|\r/);
  return { line: before.length, column: Array.from(before.at(-1) as string).length + 1 };
}

class Reader {
  readonly #text: string;
  offset = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): JsonNode {
    this.skipSpace();
    if (depth > depthMax) throw new JsonError(`values nest deeper than ${depthMax} levels`, this.offset);
    const { offset } = this;
    const first = this.#text[offset];
    if (first === '[') return { kind: 'array', offset, items: this.#list(']', () => this.value(depth + 1)) };
    if (first === '{') return { kind: 'object', offset, members: this.#list('}', () => this.#member(depth)) };
    return first === '"' ? this.#string() : this.#bare();
  }

  skipSpace(): void {
    this.#match(space);
  }

  unexpected(expected: string): JsonError {
    const character = String.fromCodePoint(this.#text.codePointAt(this.offset) ?? 0);
    const found = this.offset >= this.#text.length ? 'the end of the file' : JSON.stringify(character);
    return new JsonError(`expected ${expected}, found ${found}`, this.offset);
  }

  #list<T>(close: string, element: () => T): T[] {
    const elements: T[] = [];
    this.offset++;
    this.skipSpace();
    if (this.#take(close)) return elements;
    for (;;) {
      elements.push(element());
      this.skipSpace();
      if (this.#take(close)) return elements;
      if (!this.#take(',')) throw this.unexpected(`"," or "${close}"`);
    }
  }

  #member(depth: number): JsonMember {
    this.skipSpace();
    if (this.#text[this.offset] !== '"') throw this.unexpected('a name in double quotes');
    const { offset, value } = this.#string();
    this.skipSpace();
    if (!this.#take(':')) throw this.unexpected('":"');
    return { key: value as string, offset, node: this.value(depth + 1) };
  }

  #string(): JsonNode & { kind: 'scalar' } {
    const { offset } = this;
    const source = this.#match(stringToken);
    if (source === undefined) throw new JsonError('this string is not closed', offset);
    try {
      return { kind: 'scalar', offset, value: JSON.parse(source) as string, source };
    } catch {
      throw new JsonError('this string holds a control character or a wrong escape', offset);
    }
  }

  #bare(): JsonNode {
    const { offset } = this;
    const word = this.#match(wordToken);
    this.offset = offset;
    if (word !== undefined && words.has(word)) {
      this.offset += word.length;
      return { kind: 'scalar', offset, value: words.get(word) as JsonScalar, source: word };
    }
    const source = this.#match(numberToken);
    if (source !== undefined && (word === undefined || word.length <= source.length)) {
      return { kind: 'scalar', offset, value: Number(source), source };
    }
    this.offset = offset;
    if (word === undefined) throw this.unexpected('a value');
    throw new JsonError(`${word} is not a JSON value`, offset);
  }

  #take(character: string): boolean {
    if (this.#text[this.offset] !== character) return false;
    this.offset++;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.offset;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.offset += found.length;
    return found;
  }
}
