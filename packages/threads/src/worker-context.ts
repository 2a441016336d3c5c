import type { MemberId, Team } from './team.ts';

/** What a worker knows of itself. */
export interface WorkerContext<Data = unknown> {
  /** The name that {@link spawn} gave it. */
  readonly name: string;

  /** The start data, cloned from the spawner's. */
  readonly data: Data;

  /** Aborts when the worker is asked to close. Calls under way are still finished. */
  readonly signal: AbortSignal;

  /** The team that it was spawned into, and who it is there. */
  readonly team: Team | undefined;
  readonly member: MemberId | undefined;

  /**
   * Ends this worker from within, on every backend; the spawner sees `reason: 'exited'`. Code after it may still run.
   *
   * @param code what the spawner is told, by custom 0 when all is well. Default 0
   */
  exit(code?: number): void;
}
