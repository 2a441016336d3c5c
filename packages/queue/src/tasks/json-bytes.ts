const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * A value as JSON in UTF-8; nothing at all for `undefined`.
 *
 * @throws TypeError where JSON has no word for it: a bigint, a circle
 */
export function jsonBytes(what: string, value: unknown): Uint8Array {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new TypeError(`${what} must be what JSON can say: ${messageOf(cause)}`, { cause });
  }
  if (text === undefined && value !== undefined)
    throw new TypeError(`${what} must be what JSON can say: received a ${typeof value}`);
  return encoder.encode(text ?? '');
}

/** The opposite of {@link jsonBytes}. @throws TypeError, SyntaxError where it is no JSON */
export function jsonValue(bytes: Uint8Array): unknown {
  return bytes.length === 0 ? undefined : JSON.parse(decoder.decode(bytes));
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : 'it cannot be written';
}
