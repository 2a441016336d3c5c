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
  /** How long the arrivals of an open loop go on, ms. */
  readonly openLoopMs: number;
  /** How long the cycles take in which bytes and collections are counted, about; 0 to count none. */
  readonly accountMs: number;
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
  /** Calls a second of the open loop, in benches that declare a rate. */
  readonly rate?: number;
  /** Finds out by itself how long the warm-up must be, and checks that times of this kernel mean anything. */
  readonly pilot?: true;
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

/** How long calls of an open loop took, ns. */
export interface OpenLoop {
  /** Calls a second. */
  readonly rate: number;
  readonly calls: number;
  /** From the moment at which a call was due: what somebody waits who arrives at that rate. */
  readonly corrected: OpenLoopLatency;
  /** From the moment at which it was made: what a closed loop would have shown. */
  readonly raw: OpenLoopLatency;
}

export interface OpenLoopLatency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly most: number;
}

/** What operations allocated; counted in cycles of its own, outside of the measured time. */
export interface Account {
  readonly bytesPerOp: number;
  /** Collections of any kind. Absent for kernels with `prepare`, whose garbage cannot be told from the operations'. */
  readonly collectionsPerOp?: number;
  /** Over how many operations it was counted. */
  readonly ops: number;
}

/** What a pilot process found out about a kernel, besides how much work makes a chunk. */
export interface Guards {
  /** Time of twice as many cycles divided by the time of as many; near 2 unless something else than the work is timed. */
  readonly linearity: number;
  /** Time of an operation, or of a twentieth of a call where that has fewer, divided by that of a loop's turn that only adds. */
  readonly timesEmpty: number;
  /** By how much the last cycles were faster than all before, as a share; above some percent it was not warm yet. */
  readonly stillFalling: number;
}

/** Amounts per operation that a kernel counted, by name. */
export type Counts = Readonly<Record<string, number>>;

/** One window of a thread group. */
export interface GroupWindow {
  /** Time of the group per operation: the threads' rates added up and turned over. */
  readonly nsPerOp: number;
  /** The time in which all threads were measuring, as a share of the longest thread's. */
  readonly overlap: number;
  /** Processor time of the threads as a share of their wall time; well below 1, the threads were waiting for a core. */
  readonly busy: number;
  readonly accepted: boolean;
  /** What the threads counted in it, per operation of the group. */
  readonly counts?: Counts;
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
  /** The same from the best time of each call, where {@link cycleNs} takes the lower quartile. */
  readonly bestCycleNs?: number;
  readonly groupWindows: readonly GroupWindow[];
  readonly busy: number;
  readonly latency?: Latency;
  readonly openLoop?: OpenLoop;
  readonly account?: Account;
  /** What a single thread counted in all its windows. */
  readonly counts?: Counts;
  readonly guards?: Guards;
  readonly quantity?: number;
}

export type Reply =
  | { readonly sample: Sample }
  | { readonly error: { name: string; message: string; stack: string } };
