/** One call of a client, from its invocation to its return. */
export interface Operation<Input = unknown, Output = unknown> {
  /** Whoever called: calls of one process do not overlap, but for those that never returned. */
  readonly process: string | number;
  readonly input: Input;
  /** Absent where nobody knows whether it took effect. */
  readonly output?: Output;
  /** Any unit; only the order counts. */
  readonly invokedAt: number;
  /** Absent where it never returned: it may take effect at any time after its invocation, or never. */
  readonly returnedAt?: number;
}
