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
  // One look at all of them together, for nearly all are as plain as ids and names of queues.
  const arePlain = texts.length > 0 && !texts.includes(undefined) && !special.test(texts.join(''));
  if (arePlain) return `{"${texts.join('","')}"}`;
  // The others are headers, which most have in common.
  let [last, lastQuoted]: (string | undefined)[] = [];
  const words = texts.map(text => {
    if (text === undefined) return 'null';
    if (text !== last) lastQuoted = quoted((last = text));
    return lastQuoted;
  });
  return `{${words.join(',')}}`;
}

const special = /["\\]/;

function quoted(text: string): string {
  return special.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : `"${text}"`;
}

/** The numbers of an array as the client gives it: of numbers, texts or its own kind. */
export function numbersIn(array: unknown): number[] {
  return array === null || array === undefined ? [] : (array as unknown[]).map(Number);
}
