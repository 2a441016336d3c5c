import type { Params } from '../suite.ts';

/** How much one measured process measures; set by the profile. */
export interface Budget {
  /** Time that the cycles before measuring take in the first process of a row, ms; the others run as many. */
  readonly warmupMs: number;
  /** Windows of one thread: how many Piscina tasks the chunks are spread over. */
  readonly windows: number;
  /** Measured time that the chunks of one process add up to, ms; slow kernels get at least `chunksMin` chunks all the same. */
  readonly measureMs: number;
  readonly chunksMin: number;
  /** A chunk is as many cycles as take this long, ms; at least one. */
  readonly chunkMs: number;
  /** Windows of a thread group, how long each lasts, and how many may be rejected and taken again. */
  readonly groupWindows: number;
  readonly groupWindowMs: number;
  readonly groupRejectsMax: number;
  /** Calls for the latency distribution. */
  readonly latencyCalls: number;
}

/** What one measured process is told to do. */
export interface Job {
  readonly url: string;
  readonly bench: string;
  readonly contender: string;
  readonly params: Params;
  readonly threads: number;
  /** Whether the threads measure in step; and whether the bench shares something between them. */
  readonly inGroup: boolean;
  readonly sharing: boolean;
  readonly blocking: boolean;
  readonly seed: number;
  readonly keysFile: string;
  readonly budget: Budget;
  /** What an earlier process of the same row has found, so that all processes do the same work. */
  readonly warmupCycles?: number;
  readonly cyclesPerChunk?: number;
  readonly chunksPerWindow?: number;
}

/** The distribution of single calls, ns. */
export interface Latency {
  readonly p50: number;
  readonly p75: number;
  readonly p99: number;
  readonly p999: number;
  readonly calls: number;
}

/** One window of a thread group. */
export interface GroupWindow {
  /** Time of the group per operation: the threads' rates added up and turned over. */
  readonly nsPerOp: number;
  /** The time in which all threads were measuring, as a share of the longest thread's. */
  readonly overlap: number;
  /** Processor time of the threads as a share of their wall time; well below 1, the threads were waiting for a core. */
  readonly busy: number;
  readonly accepted: boolean;
}

/** What one measured process has found. */
export interface Sample {
  readonly warmupCycles: number;
  readonly cyclesPerChunk: number;
  readonly chunksPerWindow: number;
  readonly checksum: number;
  /** Time of one operation in each chunk, in order; empty for thread groups and quantities. */
  readonly chunkNs: readonly number[];
  /** Time of one operation in the typical cycle, put together call by call, where the kernel is timed so; ns. */
  readonly cycleNs?: number;
  readonly groupWindows: readonly GroupWindow[];
  readonly busy: number;
  readonly latency?: Latency;
  readonly quantity?: number;
}

export type Reply =
  | { readonly sample: Sample }
  | { readonly error: { name: string; message: string; stack: string } };
