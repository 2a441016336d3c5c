import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import { importSuite } from '../discover.ts';
import { contextOf } from './context.ts';
import type { Account, Counts, GroupWindow, Job, OpenLoop, Reply, Sample } from './job.ts';
import { overlapOf, threadGroupMemory, type ThreadWindow } from './thread-group.ts';
import { typicalCycleMs } from './typical-cycle.ts';
import type { ChunksDone, Prepared, Task } from './worker.ts';

/**
 * A measured process: one contender of one bench, on a Piscina pool of its own.
 *
 * It takes one {@link Job} from its parent, answers with one {@link Reply} and is gone; and it goes at once when its parent
 * does, whatever its threads are doing, because the channel between them closes.
 */
process.once('message', (job: Job) => {
  void measure(job)
    .then((sample): Reply => ({ sample }))
    .catch((thrown: unknown): Reply => ({ error: describe(thrown) }))
    .then(reply => process.send?.(reply, () => process.exit(0)));
});
process.once('disconnect', () => process.exit(1));

/** The overlap that a window of a thread group must reach to count. */
const overlapLeast = 0.9;

/**
 * The share of their windows that threads must have been on a core, where there is a core for each: two threads that took
 * turns on one core overlap by the clock, and did not run at once. Processor time comes in ticks, hence the allowance.
 */
const busyLeast = 0.85;

/** Slow kernels collect so seldom that fewer would tell nothing. */
const accountChunksLeast = 5;

/** Threads that take turns on a core need longer windows to get equal shares of it. */
const crowdedFactor = 3;

type Pool = Piscina<Task>;

async function measure(job: Job): Promise<Sample> {
  const pool: Pool = new Piscina({
    filename: new URL('./worker.ts', import.meta.url).href,
    minThreads: job.threads,
    maxThreads: job.threads,
    concurrentTasksPerWorker: 1,
  });
  const group = job.sharing ? await shared(job) : undefined;
  const memory = threadGroupMemory();
  const prepared = await onAll<Prepared>(pool, job.threads, index => ({
    kind: 'prepare',
    job,
    index,
    group,
    memory,
  }));
  const first = prepared[0] as Prepared;
  if (first.quantity !== undefined) return quantitySample(first.quantity);
  if (new Set(prepared.map(({ checksum }) => checksum)).size > 1 && group === undefined) {
    throw new Error(
      `Threads must do the same work: their checksums were ${prepared.map(p => p.checksum).join(', ')}`,
    );
  }
  const sample = job.inGroup ? await measureGroup(pool, job, first) : await measureChunks(pool, job, first);
  await onAll(pool, job.threads, () => ({ kind: 'close' }));
  return sample;
}

/** What the bench shares between its threads. The suite is imported here for this alone: it takes its time. */
async function shared(job: Job): Promise<unknown> {
  const { suite } = await importSuite(job.url);
  const bench = suite.benches.find(candidate => candidate.name === job.bench);
  return bench?.group?.(contextOf(job, { index: 0, count: job.threads }, undefined));
}

function quantitySample(quantity: number): Sample {
  return {
    warmupCycles: 0,
    cyclesPerChunk: 1,
    chunksPerWindow: 1,
    checksum: 0,
    chunkNs: [],
    groupWindows: [],
    busy: 1,
    quantity,
  };
}

/** One task for each thread; they wait for each other inside, so no thread can take two of them. */
async function onAll<Result>(pool: Pool, threads: number, task: (index: number) => Task): Promise<Result[]> {
  return Promise.all(
    Array.from({ length: threads }, async (_, index) => pool.run(task(index)) as Promise<Result>),
  );
}

/** The windows of a single thread: chunk times, of which the report takes the lower quartile. */
async function measureChunks(pool: Pool, job: Job, prepared: Prepared): Promise<Sample> {
  const { budget } = job;
  const cycles = job.cyclesPerChunk ?? Math.max(1, Math.ceil(budget.chunkMs / prepared.cycleMs));
  const wanted = Math.ceil(budget.measureMs / (cycles * prepared.cycleMs) / budget.windows);
  const least = Math.ceil(budget.chunksMin / budget.windows);
  const chunks = job.chunksPerWindow ?? Math.max(least, wanted);
  const done: ChunksDone[] = [];
  for (let window = 0; window < budget.windows; window++) {
    done.push((await pool.run({ kind: 'chunks', cycles, chunks })) as ChunksDone);
  }
  const latency =
    budget.latencyCalls > 0 ? await pool.run({ kind: 'latency', calls: budget.latencyCalls }) : null;
  return {
    warmupCycles: prepared.warmupCycles,
    cyclesPerChunk: cycles,
    chunksPerWindow: chunks,
    checksum: prepared.checksum,
    chunkNs: done.flatMap(({ chunkNs }) => chunkNs),
    ...typicalCycle(done),
    ...counts(done, cycles * chunks * (done[0]?.opsPerCycle ?? 1) * done.length),
    ...(await openLoop(pool, job)),
    ...(await account(pool, job, prepared)),
    ...(prepared.guards === undefined ? {} : { guards: prepared.guards }),
    groupWindows: [],
    busy: total(done.map(d => d.cpuNs)) / total(done.map(d => d.wallNs)),
    ...(latency === null ? {} : { latency }),
  };
}

async function openLoop(pool: Pool, { rate, budget }: Job): Promise<Pick<Sample, 'openLoop'>> {
  if (rate === undefined) return {};
  const result = await pool.run({ kind: 'open-loop', rate, forMs: budget.openLoopMs });
  return { openLoop: result as OpenLoop };
}

async function account(
  pool: Pool,
  { budget, cyclesPerChunk }: Job,
  prepared: Prepared,
): Promise<Pick<Sample, 'account'>> {
  if (budget.accountMs === 0) return {};
  const chunks = Math.max(accountChunksLeast, Math.round(budget.accountMs / budget.chunkMs));
  const cycles = cyclesPerChunk === undefined ? budget.accountMs / prepared.cycleMs : chunks * cyclesPerChunk;
  return {
    account: (await pool.run({ kind: 'account', cycles: Math.max(1, Math.round(cycles)) })) as Account,
  };
}

/** Adds up by name what windows or threads counted. */
function counts(parts: readonly { readonly counted?: Counts }[], ops: number): { counts?: Counts } {
  if (parts.every(({ counted }) => counted === undefined)) return {};
  const sums: Record<string, number> = {};
  for (const { counted = {} } of parts) {
    for (const [name, amount] of Object.entries(counted)) sums[name] = (sums[name] ?? 0) + amount / ops;
  }
  return { counts: sums };
}

function typicalCycle(done: readonly ChunksDone[]): Pick<Sample, 'cycleNs' | 'bestCycleNs'> {
  const [first] = done;
  const passMs = done.flatMap(window => window.passMs);
  if (first === undefined || passMs.length === 0) return {};
  const perOp = (ms: number): number => (ms * 1e6) / first.opsPerCycle;
  return {
    cycleNs: perOp(typicalCycleMs(passMs, first.passes)),
    bestCycleNs: perOp(typicalCycleMs(passMs, first.passes, 0)),
  };
}

/** The windows of a thread group: those whose threads did not overlap are taken again, a limited number of times. */
async function measureGroup(pool: Pool, job: Job, prepared: Prepared): Promise<Sample> {
  const { budget, threads } = job;
  const windowMs = budget.groupWindowMs * (threads > availableParallelism() ? crowdedFactor : 1);
  const cycles = job.cyclesPerChunk ?? Math.max(1, Math.ceil(windowMs / prepared.cycleMs));
  const busyNeeded = job.blocking || threads > availableParallelism() ? 0 : busyLeast;
  const windows: GroupWindow[] = [];
  let [accepted, rejected] = [0, 0];
  while (accepted < budget.groupWindows && rejected <= budget.groupRejectsMax) {
    const memory = threadGroupMemory();
    const task: Task = { kind: 'group', cycles, memory, size: threads };
    const window = groupWindowOf(await onAll<ThreadWindow>(pool, threads, () => task), busyNeeded);
    windows.push(window);
    if (window.accepted) accepted += 1;
    else rejected += 1;
  }
  return {
    warmupCycles: prepared.warmupCycles,
    cyclesPerChunk: cycles,
    chunksPerWindow: 1,
    checksum: prepared.checksum,
    chunkNs: [],
    groupWindows: windows,
    busy: total(windows.map(w => w.busy)) / windows.length,
  };
}

/** Puts together what the threads of a group found in one window. @throws Error where a thread took two places in it */
function groupWindowOf(threads: readonly ThreadWindow[], busyNeeded: number): GroupWindow {
  if (new Set(threads.map(t => t.thread)).size < threads.length) {
    throw new Error(
      `Thread group must be ${threads.length} threads: received ${threads.map(t => t.thread).join(', ')}`,
    );
  }
  const opsPerNs = total(threads.map(t => t.ops / (t.endNs - t.startNs)));
  const overlap = overlapOf(threads);
  const busy = total(threads.map(t => t.cpuNs)) / total(threads.map(t => t.endNs - t.startNs));
  return {
    nsPerOp: 1 / opsPerNs,
    overlap,
    busy,
    accepted: overlap >= overlapLeast && busy >= busyNeeded,
    ...counts(threads, total(threads.map(t => t.ops))),
  };
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function describe(thrown: unknown): { name: string; message: string; stack: string } {
  if (thrown instanceof Error) {
    return { name: thrown.name, message: thrown.message, stack: thrown.stack ?? '' };
  }
  return { name: 'Error', message: `Bench threw ${String(thrown)}`, stack: '' };
}
