/** Throws unless both are alike: bytes, bigints, arrays and plain objects by their contents, and what is undefined as if absent. */
export function equal(actual: unknown, expected: unknown, what: string): void {
  const [left, right] = [shown(actual), shown(expected)];
  if (left !== right) throw new Error(`${what}: expected ${right}, received ${left}`);
}

/** Throws unless the condition holds. */
export function ok(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`Not so: ${what}`);
}

/** Text that two values share only where they are alike. */
export function shown(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Uint8Array) return `bytes(${[...value].join(' ')})`;
  if (value instanceof Error) return `${value.name}(${value.message})`;
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`;
  if (value instanceof Set || value instanceof Map) return `${value.constructor.name} ${shown([...value])}`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, field]) => `${name}: ${shown(field)}`);
  return `{ ${fields.join(', ')} }`;
}
