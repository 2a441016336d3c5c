import type { Counts, GroupWindow, Latency, OpenLoop } from '../measure/job.ts';
import type { Params, Unit } from '../suite.ts';

/** What `--json` writes; the schema is in `bench/schema/quorate-bench-1.json`. */
export interface Report {
  readonly schema: 'quorate-bench/1';
  readonly env: Environment;
  readonly suites: readonly SuiteReport[];
}

export interface Environment {
  readonly startedAt: string;
  readonly durationMs: number;
  readonly node: string;
  readonly v8: string;
  readonly os: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** The one-minute load average before and after; [0, 0] where the system has none. */
  readonly load: readonly [number, number];
  readonly commit: string | null;
  readonly dirty: boolean | null;
  readonly profile: 'quick' | 'full';
  readonly rounds: number;
  readonly seed: number;
  readonly keys: {
    readonly source: string;
    readonly count: number;
    readonly distinct: number;
    readonly bytes: { readonly least: number; readonly mean: number; readonly most: number };
    readonly digest: string;
  };
  readonly statistics: string;
}

export interface SuiteReport {
  readonly name: string;
  readonly about: string;
  readonly benches: readonly BenchRow[];
  readonly ratios: readonly RatioRow[];
}

/** A value over the processes of a row: the median, with a 95 % bootstrap interval of that median. */
export interface Spread {
  readonly median: number;
  readonly lo: number;
  readonly hi: number;
}

export type Status = 'ok' | 'failed' | 'inconclusive' | 'skipped';
export type Verdict = 'met' | 'missed' | 'unclear' | 'inconclusive';

export interface BenchRow {
  readonly name: string;
  readonly about?: string;
  readonly contender: string;
  /** With `threads` among them, for benches that run in thread groups. */
  readonly params: Params;
  /** Null where the unit is not time, and where there is no result. */
  readonly nsPerOp: Spread | null;
  readonly opsPerSec: number | null;
  /** Where the unit is not time. */
  readonly amount?: Spread;
  readonly unit: Unit;
  readonly threads: number;
  readonly status: Status;
  /** Why the status is not `ok`. */
  readonly why?: string;
  readonly control?: true;
  readonly checksum: number | null;
  readonly latencyNs?: Latency;
  /** Of calls at a fixed rate, in benches that declare one. */
  readonly openLoopNs?: OpenLoop;
  readonly bytesPerOp?: number;
  /** What the kernel counts. */
  readonly countsPerOp?: Counts;
  /** The least overlap of the accepted windows, and how many windows were rejected. */
  readonly overlap?: { readonly least: number; readonly rejected: number };
  /** Processor time as a share of wall time, the median over the processes. */
  readonly busy?: number;
  /** The limit is in the row's unit. */
  readonly goal?: { readonly limit: number; readonly verdict: Verdict };
  /** Goals that need this row and could not be judged, because it has no result. */
  readonly unjudged?: readonly string[];
  readonly samples: readonly SampleRow[];
}

/** One process. */
export interface SampleRow {
  readonly round: number;
  readonly place: number;
  /** The lower quartile of its chunks, calls or accepted windows; null where no window was accepted. */
  readonly value: number | null;
  readonly chunks?: readonly number[];
  readonly windows?: readonly GroupWindow[];
}

/** The time (or bytes) of `of` divided by that of `to`. */
export interface RatioRow {
  readonly bench: string;
  readonly of: string;
  readonly to: string;
  readonly ratio: number;
  readonly lo: number;
  readonly hi: number;
  readonly params: Params;
  readonly unit: Unit;
  /** Between contenders, or of one contender between numbers of threads. */
  readonly kind: 'contender' | 'threads';
  readonly pairs: number;
  /** Who is faster (or smaller), where the interval leaves no doubt and it is by 2 % at least. */
  readonly ahead: string | null;
  readonly goal?: RatioGoalRow;
}

export interface RatioGoalRow {
  /** The ratio that is meant to be reached. */
  readonly atMost: number;
  readonly verdict: Verdict;
  /** The goal as it was set, where it is about scaling: n threads do this many times the work of one. */
  readonly atLeast?: number;
  /** How far the control scaled. */
  readonly control?: number;
  readonly why?: string;
}
