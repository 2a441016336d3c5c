import { QuorateError } from '@quorate/core';

/** What `read` gives. @throws QuorateError `UNSUPPORTED` where it finds another format, or bytes that were changed */
export function readable<Value>(where: string, read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    const message = `What stands on ${where} cannot be read: ${(cause as Error).message}`;
    throw new QuorateError('UNSUPPORTED', message, { outcome: 'not-applied', cause });
  }
}
