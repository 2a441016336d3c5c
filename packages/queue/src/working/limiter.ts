/** Says how many handlers may start. */
export interface Limiter {
  /** Takes up to `countMax` permits; none where they have to be waited for. */
  take(countMax: number): number;
  /** So many of those taken did not start after all. */
  putBack?(count: number): void;
  /** Settles when it is worth asking for `count` again. */
  wait(count: number, signal: AbortSignal): Promise<void>;
}
