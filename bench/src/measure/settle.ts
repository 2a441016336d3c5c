import type { Guards } from './job.ts';

/** What {@link settle} has found. */
export interface Settled {
  /** Cycles after which the kernel is as fast as it gets, those of the first warm-up included. */
  readonly warmupCycles: number;
  /** The best time of one cycle, ms. */
  readonly cycleMs: number;
  readonly guards: Guards;
}

export interface SettleOptions {
  /** Times so many cycles; ms, of work alone. */
  readonly run: (cycles: number) => Promise<number>;
  /** Cycles that have been run so far, and the best time of one of them, ms. */
  readonly warmupCycles: number;
  readonly cycleMs: number;
  readonly chunkMs: number;
  /** Operations and calls of `run` in a cycle. */
  readonly ops: number;
  readonly calls: number;
}

const chunksPerBlock = 4;
const blocksLeast = 5;
/** Fewer cannot show whether a kernel is still falling, so as many are run however long a cycle takes. */
const blocksToCompare = 3;
/** Blocks take longer than they look where a cycle does; a kernel that falls on and on is given up. */
const settleMsMax = 1500;
/** A block this close to the best of all is as good as it. */
const closeEnough = 1.01;
/** Half a chunk is timed against a whole one so many times, and on for as long as a busy machine keeps their best times apart. */
const linearRounds = { least: 8, most: 64 } as const;
const linearEnough = 0.1;
/** No round is begun after so much time, but for the first. */
const linearMsMax = 6000;
const emptyTurns = 200_000;
/** What asking for a call and adding up its result takes, in turns of an empty loop: a call stands for as many operations at least. */
const turnsOfCall = 20;

/**
 * Runs a kernel in blocks of chunks until it no longer gets faster, and finds after how many cycles that was.
 *
 * The answer is a number of cycles and never a time: under deterministic flags V8 compiles after the same number of calls in
 * every process, so what was steady here is steady there.
 */
export async function settle(options: SettleOptions): Promise<Settled> {
  const { run, chunkMs, ops, calls } = options;
  const chunk = Math.max(1, Math.round(chunkMs / options.cycleMs));
  const blocks: { readonly best: number; readonly cyclesBefore: number }[] = [];
  let cycles = options.warmupCycles;
  const startMs = performance.now();
  const late = (): boolean => blocks.length >= blocksToCompare && performance.now() - startMs > settleMsMax;
  do {
    const cyclesBefore = cycles;
    let best = Infinity;
    for (let index = 0; index < chunksPerBlock; index++) best = Math.min(best, (await run(chunk)) / chunk);
    cycles += chunk * chunksPerBlock;
    blocks.push({ best, cyclesBefore });
  } while ((blocks.length < blocksLeast || stillFalling(blocks) > closeEnough - 1) && !late());
  const best = Math.min(...blocks.map(block => block.best));
  const steady = blocks.find(block => block.best <= best * closeEnough) ?? blocks[0];
  return {
    warmupCycles: steady?.cyclesBefore ?? cycles,
    cycleMs: best,
    guards: {
      linearity: await linearity(run, chunk),
      timesEmpty: (best * 1e6) / Math.max(ops, turnsOfCall * calls) / emptyTurnNs(),
      stillFalling: stillFalling(blocks),
    },
  };
}

/** By how much the last two blocks went below the best of all before. */
function stillFalling(blocks: readonly { readonly best: number }[]): number {
  if (blocks.length < blocksToCompare) return 1;
  const last = Math.min(...blocks.slice(-2).map(block => block.best));
  const before = Math.min(...blocks.slice(0, -2).map(block => block.best));
  return Math.max(0, before / last - 1);
}

/** Time of a chunk divided by that of half of it. Short ones slip through between interruptions of the machine. */
async function linearity(run: (cycles: number) => Promise<number>, chunk: number): Promise<number> {
  const half = Math.max(1, Math.round(chunk / 2));
  const startMs = performance.now();
  let [once, twice] = [Infinity, Infinity];
  for (let round = 0; round < linearRounds.most; round++) {
    const near = Math.abs(twice / once - 2) <= linearEnough;
    if (round >= linearRounds.least && near) break;
    if (round > 0 && performance.now() - startMs > linearMsMax) break;
    once = Math.min(once, await run(half));
    twice = Math.min(twice, await run(2 * half));
  }
  return twice / once;
}

/** The time of a loop's turn that does nothing but add, ns. */
function emptyTurnNs(): number {
  let best = Infinity;
  let sum = 0;
  for (let round = 0; round < 12; round++) {
    const startMs = performance.now();
    sum = addUp(emptyTurns, sum);
    best = Math.min(best, performance.now() - startMs);
  }
  if (!Number.isInteger(sum)) throw new Error('Empty loop must add integers');
  return (best * 1e6) / emptyTurns;
}

function addUp(turns: number, start: number): number {
  let sum = start;
  for (let turn = 0; turn < turns; turn++) sum = (sum + turn) | 0;
  return sum;
}
