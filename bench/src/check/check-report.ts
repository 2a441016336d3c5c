import type { GroupWindow, Guards, OpenLoop } from '../measure/job.ts';
import type { Rule, Verdict as ComparisonVerdict } from '../statistics/decide.ts';
import type { Params, Unit } from '../suite.ts';
import type { Arm } from './variant.ts';

export type { Arm } from './variant.ts';

/** What `pnpm bench:check --json` writes; the schema is in `bench/schema/quorate-bench-check-1.json`. */
export interface CheckReport {
  readonly schema: 'quorate-bench-check/1';
  readonly env: CheckEnvironment;
  readonly base: { readonly ref: string; readonly commit: string };
  readonly head: { readonly commit: string | null; readonly dirty: boolean | null };
  readonly outcome: Outcome;
  readonly subjects: readonly SubjectReport[];
  /** Benches that base has and head has not, with what they ran on; renamed ones are here and `new` under their new name. */
  readonly gone: readonly string[];
  /** What is measured by `pnpm bench` and not compared here, and why. */
  readonly leftOut: readonly { readonly name: string; readonly why: string }[];
  /** What else a reader must know: base's benches could not be listed, say. */
  readonly notes: readonly string[];
}

export interface CheckEnvironment {
  readonly startedAt: string;
  readonly durationMs: number;
  /** Of which for the two builds: worktree, copy and installs. */
  readonly buildsMs: number;
  readonly node: string;
  readonly v8: string;
  readonly os: string;
  readonly cpu: string;
  readonly cores: number;
  /** The one-minute load average before and after. */
  readonly load: readonly [number, number];
  readonly profile: 'gate' | 'headline';
  readonly flags: readonly string[];
  readonly seed: number;
  readonly budgetMs: number;
  readonly keys: { readonly source: string; readonly count: number; readonly digest: string };
  /** Measured processes that were started. */
  readonly processes: number;
  /** How figures are made from what processes found, in a sentence or two. */
  readonly statistics: string;
}

/** `ok` 0, `regression` 1, `inconclusive` 2, `failed` 3. */
export interface Outcome {
  readonly verdict: 'ok' | 'regression' | 'inconclusive' | 'failed';
  readonly exitCode: 0 | 1 | 2 | 3;
  /** One sentence each; the first is the reason for the verdict. */
  readonly why: readonly string[];
  readonly canaries: readonly CanaryReport[];
}

export interface CanaryReport {
  readonly subject: string;
  /** What head really does more than base, as a share: 0 or 0.05. */
  readonly truth: number;
  readonly passed: boolean;
  readonly why: string;
}

/** A contender of a bench with one set of parameters on one number of threads, in both builds. */
export interface SubjectReport {
  /** `suite/bench · contender · param=value 2 threads`: unlike any other in the report. */
  readonly name: string;
  readonly suite: string;
  readonly bench: string;
  readonly about?: string;
  readonly contender: string;
  readonly params: Params;
  readonly threads: number;
  /** Whether it is a thread group's; then `threads` of 1 is a group of one. */
  readonly inGroup: boolean;
  /** Known truth: the canaries. */
  readonly canary?: number;
  /** Whether base's own suites have it; null where they could not be listed. */
  readonly presence: 'both' | 'new' | null;
  readonly status: 'compared' | 'incomparable' | 'failed' | 'unmeasured';
  /** Why the status is not `compared`. */
  readonly why?: string;
  /** Of the pilot process, from head; equal in all that are compared. */
  readonly checksum: number | null;
  readonly work: {
    readonly warmupCycles: number;
    readonly cyclesPerChunk: number;
    readonly chunksPerWindow: number;
  } | null;
  readonly guards: Guards | null;
  readonly pairs: readonly PairRow[];
  readonly metrics: readonly MetricReport[];
}

/** Two processes, one of each build, one straight after the other. */
export interface PairRow {
  /** Its place among all pairs of the run, counted from 0: pairs of different subjects take turns. */
  readonly turn: number;
  readonly stage: 'screen' | 'confirm';
  readonly first: Arm;
  readonly base: ArmRow;
  readonly head: ArmRow;
}

/** One process. */
export interface ArmRow {
  /** Its value of each metric; without those that it could not find (no window was accepted, say). */
  readonly values: Readonly<Record<string, number>>;
  /** ns per operation, chunk by chunk. */
  readonly chunks?: readonly number[];
  readonly windows?: readonly GroupWindow[];
  readonly openLoop?: OpenLoop;
  /** Processor time as a share of wall time. */
  readonly busy: number;
}

export type MetricKind = 'time' | 'amount' | 'bytes' | 'collections' | 'count' | 'latency';

export interface MetricReport {
  /** `time`, `bytes`, `collections`, `amount`, `latency p50`, `latency p99`, or what the kernel counts. */
  readonly metric: string;
  readonly kind: MetricKind;
  readonly unit: Unit;
  readonly rule: Rule;
  /** Added to both values before they are divided, so that next to nothing does not double. */
  readonly floor: number;
  /** Medians over the processes of each build in the pairs of the estimate; their ratio is not that of the estimate, which is by pairs. */
  readonly base: number;
  readonly head: number;
  /** Change of head against base as a share (0.05 is 5 % more), by the pairs of `stage`. */
  readonly estimate: {
    readonly hl: number;
    readonly lo: number;
    readonly hi: number;
    readonly pairs: number;
    readonly stage: 'screen' | 'confirm';
  };
  readonly p: number;
  /** After Holm's correction for all comparisons of the run. */
  readonly adjustedP: number;
  readonly verdict: ComparisonVerdict;
  readonly why: string;
}
