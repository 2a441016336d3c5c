/** The header that says by which rules the other headers and the body of a message are to be read. */
export const versionHeader = '~v';

/** The version that this release writes. It reads this one, and what has none: messages that were not sent through this package. */
export const messageVersion = '1';

/** Whether a message can be handled here. What cannot be is kept for workers of a later release. */
export function isReadable(headers: Readonly<Record<string, string>>): boolean {
  const version = headers[versionHeader];
  return version === undefined || version === messageVersion;
}
