import { threadId } from 'node:worker_threads';
import { importSuite } from '../discover.ts';
import type { Context, Kernel } from '../suite.ts';
import { countAllocations } from './account.ts';
import { type Chunk, DeadCodeError, nsPerOpOf, runAsyncChunk, runChunk } from './chunk.ts';
import { contextOf } from './context.ts';
import type { Account, Counts, Guards, Job, Latency, OpenLoop } from './job.ts';
import { measureLatency } from './latency.ts';
import { measureOpenLoop } from './open-loop.ts';
import { settle } from './settle.ts';
import { ThreadGroup, type ThreadWindow } from './thread-group.ts';

/** The tasks that the pool of a measured process runs; each is one step or one window, never one operation. */
export type Task =
  | {
      readonly kind: 'prepare';
      readonly job: Job;
      readonly index: number;
      readonly group: unknown;
      readonly memory: SharedArrayBuffer;
    }
  | { readonly kind: 'chunks'; readonly cycles: number; readonly chunks: number }
  | {
      readonly kind: 'group';
      readonly cycles: number;
      readonly memory: SharedArrayBuffer;
      readonly size: number;
    }
  | { readonly kind: 'latency'; readonly calls: number }
  | { readonly kind: 'open-loop'; readonly rate: number; readonly forMs: number }
  | { readonly kind: 'account'; readonly cycles: number }
  | { readonly kind: 'close' };

export interface Prepared {
  readonly thread: number;
  readonly checksum: number;
  readonly warmupCycles: number;
  /** How long one warm cycle takes, ms. */
  readonly cycleMs: number;
  readonly quantity?: number;
  readonly guards?: Guards;
}

export interface ChunksDone {
  /** Time of each call in all chunks, cycle after cycle, where the kernel is timed call by call; ms. */
  readonly passMs: readonly number[];
  readonly passes: number;
  readonly opsPerCycle: number;
  readonly chunkNs: readonly number[];
  readonly cpuNs: number;
  readonly wallNs: number;
  /** What the kernel counted meanwhile; not yet per operation. */
  readonly counted?: Counts;
}

type Result = Prepared | ChunksDone | ThreadWindow | Latency | OpenLoop | Account | null;

/** The kernel that this thread runs: one for the life of the process, as nothing else must have shaped its code. */
let kernel: Kernel | undefined;
let run: (cycles: number) => Chunk | Promise<Chunk>;
/** What a cycle returned while the kernel was warmed: what is measured must return the same. */
let warm: Chunk;

const warmupCyclesLeast = 1;

/** The pool's entry. */
export default async function perform(task: Task): Promise<Result> {
  if (task.kind === 'prepare') return prepare(task);
  if (task.kind === 'chunks') return measureChunks(task.chunks, task.cycles);
  if (task.kind === 'group') return measureInGroup(task);
  if (task.kind === 'latency') return measureLatency(ready(), task.calls);
  if (task.kind === 'open-loop') return measureOpenLoop(ready(), task.rate, task.forMs);
  if (task.kind === 'account') return countAllocations(ready(), task.cycles);
  await kernel?.close?.();
  kernel = undefined;
  return null;
}

/** Sets the contender up and warms it, at the same time as the other threads of the group. */
async function prepare(task: Task & { kind: 'prepare' }): Promise<Prepared> {
  const { job, index } = task;
  const { suite } = await importSuite(job.url);
  const bench = suite.benches.find(candidate => candidate.name === job.bench);
  const setup = bench?.contenders[job.contender];
  if (bench === undefined || setup === undefined) {
    throw new Error(`Suite ${job.url} must have ${job.bench} of ${job.contender}: received neither`);
  }
  const context: Context = contextOf(job, { index, count: job.threads }, task.group);
  const made = await setup(context);
  if ('quantity' in made) {
    const quantity = checkedQuantity(made.quantity);
    return { thread: threadId, checksum: 0, warmupCycles: 0, cycleMs: 0, quantity };
  }
  kernel = made;
  if (job.threads > 1 && made.prepare !== undefined) {
    throw new Error(`Bench "${job.bench}" runs in thread groups and must not have prepare: received one`);
  }
  new ThreadGroup(task.memory, job.threads).arrive();
  const warmed = await warmUp(made, job, bench.warmupCycles ?? warmupCyclesLeast);
  return job.pilot === true && !job.inGroup ? settled(made, job, warmed) : warmed;
}

/** What is no finite number does not arrive in another process, and would be compared as if it were 0. */
function checkedQuantity(quantity: number): number {
  if (quantity >= 0 && Number.isFinite(quantity)) return quantity;
  throw new RangeError(`Quantity must be a number of at least 0: received ${quantity}`);
}

/** Puts the warm-up that the kernel needs in place of the one that took the profile's time. */
async function settled(made: Kernel, job: Job, warmed: Prepared): Promise<Prepared> {
  const found = await settle({
    run: async cycles => sameWork(warm, await run(cycles)).elapsedMs,
    warmupCycles: warmed.warmupCycles,
    cycleMs: warmed.cycleMs,
    chunkMs: job.budget.chunkMs,
    ops: (made.cycle ?? 1) * made.ops,
    calls: made.cycle ?? 1,
  });
  return { ...warmed, ...found };
}

/**
 * Runs cycles that do not count, as many in every process of a row, so that all are equally warm.
 *
 * The first process finds how many: at least `least`, and as many as take the time that compiling has to happen in.
 */
async function warmUp(made: Kernel, job: Job, least: number): Promise<Prepared> {
  made.prepare?.(0);
  const result = made.run(0);
  run = result instanceof Promise ? count => runAsyncChunk(made, count) : count => runChunk(made, count);
  await result;
  const startMs = performance.now();
  const first = await run(1);
  let [cycles, cycleMs] = [1, first.elapsedMs];
  const enough = (): boolean => {
    if (job.warmupCycles !== undefined) return cycles >= job.warmupCycles;
    return cycles >= least && performance.now() - startMs >= job.budget.warmupMs;
  };
  for (; !enough(); cycles++) cycleMs = Math.min(cycleMs, sameWork(first, await run(1)).elapsedMs);
  warm = first;
  return { thread: threadId, checksum: first.checksum, warmupCycles: cycles, cycleMs };
}

async function measureChunks(chunks: number, cycles: number): Promise<ChunksDone> {
  const measured = ready();
  const chunkNs: number[] = [];
  const passMs: number[] = [];
  const passes = measured.cycle ?? 1;
  const counter = countsOf(measured);
  const cpu = process.threadCpuUsage();
  const startNs = nowNs();
  for (let index = 0; index < chunks; index++) {
    const chunk = sameWork(warm, await run(cycles));
    chunkNs.push(nsPerOpOf(chunk, measured, cycles));
    for (const tookMs of chunk.passMs ?? []) passMs.push(tookMs);
  }
  return {
    chunkNs,
    passMs,
    passes,
    opsPerCycle: passes * measured.ops,
    cpuNs: cpuNsSince(cpu),
    wallNs: nowNs() - startNs,
    ...counter(),
  };
}

/** Call the result for what the kernel has counted since. @throws DeadCodeError where that is not a number of 0 or more */
function countsOf(measured: Kernel): () => { counted?: Counts } {
  const before = measured.counts?.();
  if (before === undefined) return () => ({});
  return () => {
    const after = measured.counts?.() ?? {};
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    const counted = names.map(name => {
      const difference = (after[name] ?? Number.NaN) - (before[name] ?? Number.NaN);
      if (difference >= 0 && Number.isFinite(difference)) return [name, difference] as const;
      throw new DeadCodeError(`Count "${name}" must only go up: it was ${before[name]}, then ${after[name]}`);
    });
    return { counted: Object.fromEntries(counted) };
  };
}

/** One window of this thread, in step with the other threads of its group. */
async function measureInGroup(task: Task & { kind: 'group' }): Promise<ThreadWindow> {
  const measured = ready();
  const passes = measured.cycle ?? 1;
  const group = new ThreadGroup(task.memory, task.size);
  let pass = 0;
  const bogus = (): void => void measured.run(pass++ % passes);
  group.arrive();
  group.rampUp(bogus);
  const counter = countsOf(measured);
  const cpu = process.threadCpuUsage();
  const startNs = nowNs();
  const chunk = runChunk(measured, task.cycles);
  const endNs = nowNs();
  const cpuNs = cpuNsSince(cpu);
  const counts = counter();
  group.rampDown(bogus);
  nsPerOpOf(sameWork(warm, chunk), measured, task.cycles);
  return {
    thread: threadId,
    ops: task.cycles * passes * measured.ops,
    startNs,
    endNs,
    cpuNs,
    ...counts,
  };
}

function ready(): Kernel {
  if (kernel === undefined) throw new Error('Worker must have prepared a kernel: received a window first');
  return kernel;
}

function sameWork(first: Chunk, chunk: Chunk): Chunk {
  if (first.checksum === chunk.checksum) return chunk;
  throw new DeadCodeError(
    `Bench must do the same work in each cycle: its checksum was ${first.checksum}, then ${chunk.checksum}`,
  );
}

/** Monotonic time of the machine: unlike `performance.now()`, it has one origin in all threads. */
function nowNs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e9 + nanoseconds;
}

function cpuNsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(start);
  return (user + system) * 1000;
}
