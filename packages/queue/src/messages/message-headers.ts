import { messageVersion, versionHeader } from '../message-version.ts';

/** Of a message whose sender gave none. */
const plainHeaders: Readonly<Record<string, string>> = Object.freeze({ [versionHeader]: messageVersion });

/**
 * What a sender gave, and the version.
 *
 * @throws RangeError where a name begins with `~`
 */
export function messageHeaders(
  headers: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  if (headers === undefined) return plainHeaders;
  for (const name of Object.keys(headers)) {
    if (name.startsWith('~')) throw new RangeError(`Header must not begin with "~": received "${name}"`);
  }
  return { ...headers, ...plainHeaders };
}
