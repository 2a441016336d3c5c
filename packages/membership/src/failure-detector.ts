/**
 * Says from the times at which a peer was heard whether it is to be doubted. Times are milliseconds of one monotonic clock,
 * handed in, so a detector can be simulated.
 */
export interface FailureDetector {
  /** The peer was heard. */
  heartbeat(nowMs: number): void;
  /** How much it is doubted: 0 is not at all, and it only grows while nothing is heard. */
  score(nowMs: number): number;
  /** Whether the score is below the detector's own limit. */
  isAvailable(nowMs: number): boolean;
  /** This process did not run for so long: silence in that time says nothing of the peer. */
  excuse(durationMs: number): void;
}
