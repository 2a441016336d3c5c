/**
 * A promise of the code to itself was broken: a defect, not a condition to handle.
 *
 * It is never caught and never retried; a process that sees one should end, because its state can no longer be trusted.
 */
export class InvariantError extends Error {
  static {
    Object.defineProperty(this.prototype, 'name', {
      value: 'InvariantError',
      writable: true,
      configurable: true,
    });
  }
}

/**
 * States what must hold here, in production too.
 *
 * For bad arguments throw `TypeError` or `RangeError` instead: those are the caller's mistake, this is ours.
 *
 * @throws InvariantError when `condition` is falsy
 */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(`Invariant broken: ${message}`);
}
