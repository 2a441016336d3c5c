/** Numbers as PostgreSQL reads an array of them, nulls included; nothing where all are null. */
export function numbersOrNone(numbers: readonly (number | bigint | string | undefined)[]): string | null {
  return numbers.some(number => number !== undefined) ? numbersOf(numbers) : null;
}

export function numbersOf(numbers: readonly (number | bigint | string | undefined)[]): string {
  return `{${numbers.map(number => number ?? 'null').join(',')}}`;
}

/** The same for texts. */
export function textsOrNone(texts: readonly (string | undefined)[]): string | null {
  return texts.some(text => text !== undefined) ? textsOf(texts) : null;
}

export function textsOf(texts: readonly (string | undefined)[]): string {
  return `{${texts.map(text => (text === undefined ? 'null' : quoted(text))).join(',')}}`;
}

function quoted(text: string): string {
  return /["\\]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : `"${text}"`;
}

/** The numbers of an array as the client gives it: of numbers, texts or its own kind. */
export function numbersIn(array: unknown): number[] {
  return array === null || array === undefined ? [] : (array as unknown[]).map(Number);
}
