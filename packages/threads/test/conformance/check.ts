/** The few assertions that run in Node and in a page alike. */

/** Throws unless both are the same, compared by their JSON with the types that JSON does not know spelt out. */
export function equal(actual: unknown, expected: unknown, what = 'value'): void {
  const [left, right] = [show(actual), show(expected)];
  if (left !== right) throw new Error(`${what}: expected ${right}, received ${left}`);
}

/** Throws unless the condition holds. */
export function ok(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`Not so: ${what}`);
}

/** What an error is expected to be like. */
export interface Expected {
  readonly name?: string;
  readonly code?: string;
  readonly outcome?: string;
  readonly message?: RegExp;
}

/** Awaits a rejection and returns the error, after comparing the fields that are given. */
export async function rejects(
  promise: Promise<unknown>,
  expected: Expected,
): Promise<Error & Record<string, unknown>> {
  const error = await promise.then(
    value => {
      throw new Error(`Expected a rejection like ${show(expected)}, received ${show(value)}`);
    },
    (thrown: unknown) => thrown as Error & Record<string, unknown>,
  );
  const { message, ...fields } = expected;
  for (const [key, value] of Object.entries(fields)) {
    if (error[key] !== value)
      throw new Error(`${key}: expected ${show(value)}, received ${show(error[key])} (${error.stack})`);
  }
  if (message !== undefined && !message.test(error.message)) {
    throw new Error(`message: expected ${String(message)}, received ${show(error.message)}`);
  }
  return error;
}

/** Lets the event loop turn: for conditions that nothing announces. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(resolve => setTimeout(resolve));
}

function show(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (item === undefined) return '<undefined>';
    if (typeof item === 'bigint') return `${item}n`;
    if (item instanceof Map || item instanceof Set) return [item.constructor.name, ...item];
    if (ArrayBuffer.isView(item)) return [item.constructor.name, ...(item as Uint8Array)];
    return item;
  });
}
