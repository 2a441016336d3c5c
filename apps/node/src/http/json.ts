import { Problem } from '../problem.ts';

/**
 * Parses JSON that somebody else wrote.
 *
 * The depth is checked before `JSON.parse` sees the text, because parsing itself is what deep nesting makes slow.
 *
 * @throws Problem `BAD_JSON` or `JSON_TOO_DEEP`
 */
export function parseJson(bytes: Uint8Array, depthMax: number): unknown {
  checkDepth(bytes, depthMax);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new Problem(400, 'BAD_JSON', 'The body must be JSON in UTF-8', { cause });
  }
}

const quote = 0x22;
const backslash = 0x5c;

/** Brackets are ASCII and never part of another character's UTF-8, so bytes can be counted without decoding them. */
function checkDepth(bytes: Uint8Array, depthMax: number): void {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (inString) {
      if (byte === backslash) index++;
      else if (byte === quote) inString = false;
    } else if (byte === quote) inString = true;
    else if (byte === 0x5b || byte === 0x7b) {
      depth++;
      if (depth > depthMax) {
        throw new Problem(400, 'JSON_TOO_DEEP', `JSON may nest at most ${depthMax} levels`);
      }
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
}

/** An object's fields, once it is sure that the value is a plain object. @throws Problem `BAD_REQUEST` */
export function fieldsOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Problem(400, 'BAD_REQUEST', `${what} must be a JSON object`);
  }
  return value as Record<string, unknown>;
}
