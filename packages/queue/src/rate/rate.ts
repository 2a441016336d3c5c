/** So many starts in so much time. */
export interface RateOptions {
  /** Starts in each `perMs`. */
  readonly limit: number;
  /** Default 1,000. */
  readonly perMs?: number;
  /** How many may start at once after a rest. Default 1. */
  readonly burst?: number;
  /** Of all consumers of the queue together, or of this one. Default `queue`. */
  readonly scope?: 'queue' | 'local';
}

export type CheckedRate = Required<RateOptions> & {
  /** From one start to the next. */
  readonly intervalMs: number;
  /** How much earlier than its turn a start may come. */
  readonly toleranceMs: number;
};

/** @throws RangeError */
export function checkRate({ limit, perMs = 1000, burst = 1, scope = 'queue' }: RateOptions): CheckedRate {
  if (!(limit > 0 && limit < Number.POSITIVE_INFINITY))
    throw new RangeError(`Limit of a rate must be a finite number above 0: received ${limit}`);
  if (!(perMs > 0 && perMs < 2 ** 31))
    throw new RangeError(
      `Time of a rate in ms must be above 0 and at most ${2 ** 31 - 1}: received ${perMs}`,
    );
  if (!(Number.isInteger(burst) && burst >= 1))
    throw new RangeError(`Burst must be an integer of at least 1: received ${burst}`);
  if (scope !== 'queue' && scope !== 'local')
    throw new RangeError(`Scope of a rate must be "queue" or "local": received ${String(scope)}`);
  const intervalMs = perMs / limit;
  return { limit, perMs, burst, scope, intervalMs, toleranceMs: (burst - 1) * intervalMs };
}
