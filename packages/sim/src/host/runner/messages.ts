import type { RunOptions } from '../../run-result.ts';
import type { TraceEvent } from '../../trace/trace-event.ts';
import type { SeedError, SeedOutcome } from './seed-outcome.ts';

/** Where a process finds what it runs. */
export interface WorkerTarget {
  readonly file: string;
  /** The scenario's name in that module. */
  readonly name: string;
}

/** A run, and what is wanted of it beside its outcome. */
export interface RunOrder {
  readonly options: RunOptions;
  /** Records, for {@link SeedOutcome.removable}, or for slices of the trace and for the viewer's page. */
  readonly keep?: 'removable' | 'trace';
  /** A file to write the viewer's page to, and the line that the page shows. */
  readonly html?: { readonly file: string; readonly replayLine: string };
}

/** What a worker process is told. */
export type WorkerRequest =
  | { readonly type: 'load'; readonly target: WorkerTarget }
  | { readonly type: 'run'; readonly order: RunOrder }
  /** Events of the last run that was recorded for its trace. */
  | { readonly type: 'slice'; readonly from: number; readonly to: number };

/** What it answers: one to each request, in order. */
export type WorkerReply =
  | { readonly type: 'ready' }
  | { readonly type: 'unloadable'; readonly error: SeedError }
  | { readonly type: 'outcome'; readonly outcome: SeedOutcome; readonly pageProblem?: string }
  | { readonly type: 'slice'; readonly events: readonly TraceEvent[] };
