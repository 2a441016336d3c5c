/** @throws RangeError unless a number of ms that a timer or an engine can wait for */
export function checkDuration(what: string, durationMs: number, min: number): void {
  if (typeof durationMs === 'number' && durationMs >= min && durationMs < 2 ** 31) return;
  throw new RangeError(`${what} in ms must be from ${min} to ${2 ** 31 - 1}: received ${String(durationMs)}`);
}
