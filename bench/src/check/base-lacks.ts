/** By this sentence the error is known after it has crossed processes as text. */
const opening = 'The base build lacks what this bench uses';

/** A suite of this build asks the base for something that the base does not have yet: the two cannot be compared. */
export class BaseLacksError extends Error {
  override readonly name = 'BaseLacksError';

  /** @param what the thing and where it was looked for, as the end of a sentence */
  constructor(what: string) {
    super(`${opening}: ${what}`);
  }
}

/** Whether a message is, or quotes, that of a {@link BaseLacksError}. */
export function isBaseLacking(message: string): boolean {
  return message.includes(opening);
}

/**
 * Stands for an export that the base does not have: whatever is done with it throws {@link BaseLacksError}.
 *
 * One new name would otherwise keep a whole suite from loading, and with it all its benches that need nothing new.
 */
export function standIn(what: string): unknown {
  const refuse = (): never => {
    throw new BaseLacksError(what);
  };
  const traps = new Proxy({}, { get: () => refuse });
  return new Proxy(function absent(): void {}, traps);
}
