/** How a worker ended. */
export interface WorkerExit {
  /** The worker's name. */
  readonly name: string;
  /**
   * - `closed`: it was asked to close, finished and cleaned up, in time.
   * - `exited`: it left on its own: `exit()` of its context, `process.exit()`, `self.close()`, also while it was closing.
   * - `threw`: its module or code outside any call threw, or its clean-up did.
   * - `terminated`: it was stopped from outside, by `terminate()` or because closing took too long.
   */
  readonly reason: 'closed' | 'exited' | 'threw' | 'terminated';
  /** What it exited with: 0 for `closed`, 1 unless it said otherwise for the others. */
  readonly code: number;
  /** What was thrown, for `threw`. */
  readonly cause: unknown;
}

/** One sentence's beginning for people: `Worker "a" exited with code 3`. */
export function describeExit({ name, reason, code }: Omit<WorkerExit, 'cause'>): string {
  const did = {
    closed: 'was closed',
    exited: `exited with code ${code}`,
    threw: 'threw',
    terminated: 'was terminated',
  };
  return `Worker "${name}" ${did[reason]}`;
}
