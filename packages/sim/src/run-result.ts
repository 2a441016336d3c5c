import type { Operation } from './operation.ts';
import type { Finding } from './scenario.ts';
import type { TraceEvent } from './trace/trace-event.ts';

/** What to run. */
export interface RunOptions {
  readonly seed: number;
  /**
   * Faults, draws and operations that are taken away, by what names them on the tape. A name without its `#k`, such as `op:client`
   * or `fault:crash`, takes away all that begin so: what the run would draw for the first time because of it, too. Without
   * `client:name#0` that client does nothing; without `node:name#0` that node starts only when the faults end;
   * without `length:kind#k` that fault lasts as short as it can.
   */
  readonly without?: readonly string[];
  /** Ends the safety phase sooner than the scenario does; what happens before stays as it was. */
  readonly safetyMs?: number;
  /** Lets fault episodes begin so much sooner; those that were planned for the time before do not happen. Default 0. */
  readonly earlierMs?: number;
  /** Keeps the events, and what can be taken away. Default false: their number and hash alone. */
  readonly record?: boolean;
  /** Ends the run with a finding of the rule `exhausted` after so many events. Default 10,000,000. */
  readonly eventsMax?: number;
}

/** How a run ended. */
export interface RunResult {
  readonly scenario: string;
  readonly seed: number;
  /** `ok`; `violation`: a finding; `error`: the scenario's own code threw, or used ambient time, randomness or I/O. */
  readonly verdict: 'ok' | 'violation' | 'error';
  readonly finding?: Finding;
  readonly error?: unknown;
  /** Sixteen hexadecimal digits over every event in order: equal for two runs that did the same. */
  readonly traceHash: string;
  /** What happened of the queue: timers, arrivals, ends of disk operations, faults. What is sent is in the trace, not in this number. */
  readonly events: number;
  readonly simulatedMs: number;
  readonly probes: readonly string[];
  /** The kinds of faults that this seed drew for itself out of those that the scenario allows, such as `crashes`. */
  readonly swarm?: readonly string[];
  readonly history: readonly Operation[];
  /** With `record`. */
  readonly trace?: readonly TraceEvent[];
  /** With `record`: everything that `without` can name, in the order in which it happened. */
  readonly removable?: readonly string[];
}
