/** The longest name that PostgreSQL keeps whole, bytes. */
const identifierMaxBytes = 63;

/** A name as PostgreSQL takes it literally. @throws TypeError, RangeError */
export function quoteIdentifier(what: string, name: string): string {
  if (typeof name !== 'string') throw new TypeError(`${what} must be a string: received ${String(name)}`);
  if (name === '' || /[\0$]/.test(name) || new TextEncoder().encode(name).length > identifierMaxBytes) {
    throw new RangeError(
      `${what} must be 1 to ${identifierMaxBytes} bytes without "$" and NUL: received ${JSON.stringify(name)}`,
    );
  }
  return `"${name.replaceAll('"', '""')}"`;
}
