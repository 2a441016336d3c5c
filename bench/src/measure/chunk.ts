import type { Kernel } from '../suite.ts';

/** The kernel broke the rules that make its times mean anything. */
export class DeadCodeError extends Error {
  override readonly name = 'DeadCodeError';
}

/** A few measured cycles. */
export interface Chunk {
  readonly elapsedMs: number;
  readonly checksum: number;
  /** Time of each call, cycle after cycle; only for kernels that are timed call by call. */
  readonly passMs?: Float64Array;
}

/** Below this, a processor of any make has not even done one instruction per operation. */
const leastNsPerOp = 0.15;

/**
 * Runs `cycles` cycles and times them, without the kernel's `prepare`.
 *
 * @throws DeadCodeError when a call returns no integer, or two cycles return different checksums
 */
export function runChunk(kernel: Kernel, cycles: number): Chunk {
  const prepare = kernel.prepare?.bind(kernel);
  return prepare === undefined ? runStraight(kernel, cycles) : runPrepared(kernel, cycles, prepare);
}

function runStraight(kernel: Kernel, cycles: number): Chunk {
  const passes = kernel.cycle ?? 1;
  const sums = new CycleSums(passes);
  const startMs = performance.now();
  for (let cycle = 0; cycle < cycles; cycle++) {
    for (let pass = 0; pass < passes; pass++) sums.add(kernel.run(pass) as number);
  }
  const elapsedMs = performance.now() - startMs;
  return { elapsedMs, checksum: sums.checksum() };
}

function runPrepared(kernel: Kernel, cycles: number, prepare: (pass: number) => void): Chunk {
  const passes = kernel.cycle ?? 1;
  const sums = new CycleSums(passes);
  const passMs = new Float64Array(cycles * passes);
  let elapsedMs = 0;
  for (let cycle = 0; cycle < cycles; cycle++) {
    for (let pass = 0; pass < passes; pass++) {
      prepare(pass);
      const startMs = performance.now();
      const sum = kernel.run(pass) as number;
      const tookMs = performance.now() - startMs;
      passMs[cycle * passes + pass] = tookMs;
      elapsedMs += tookMs;
      sums.add(sum);
    }
  }
  return { elapsedMs, checksum: sums.checksum(), passMs };
}

/** {@link runChunk} for kernels whose `run` returns a promise. */
export async function runAsyncChunk(kernel: Kernel, cycles: number): Promise<Chunk> {
  const passes = kernel.cycle ?? 1;
  const sums = new CycleSums(passes);
  let elapsedMs = 0;
  for (let cycle = 0; cycle < cycles; cycle++) {
    for (let pass = 0; pass < passes; pass++) {
      kernel.prepare?.(pass);
      const startMs = performance.now();
      const sum = await kernel.run(pass);
      elapsedMs += performance.now() - startMs;
      sums.add(sum);
    }
  }
  return { elapsedMs, checksum: sums.checksum() };
}

/** @throws DeadCodeError when the time says that the work was not done */
export function nsPerOpOf(chunk: Chunk, kernel: Kernel, cycles: number): number {
  const nsPerOp = (chunk.elapsedMs * 1e6) / (cycles * (kernel.cycle ?? 1) * kernel.ops);
  if (nsPerOp >= leastNsPerOp) return nsPerOp;
  throw new DeadCodeError(
    `Bench takes ${nsPerOp.toPrecision(2)} ns per operation: its work was optimised away`,
  );
}

/** Adds up the results of calls, cycle by cycle, and compares the cycles. */
class CycleSums {
  readonly #passes: number;
  #pass = 0;
  #sum = 0;
  #first: number | undefined;

  constructor(passes: number) {
    this.#passes = passes;
  }

  add(result: number): void {
    if (!Number.isInteger(result)) {
      throw new DeadCodeError(`Bench must return an integer checksum: received ${String(result)}`);
    }
    this.#sum = (Math.imul(this.#sum, 31) + (result % 0x1_0000_0000)) | 0;
    this.#pass += 1;
    if (this.#pass < this.#passes) return;
    this.#first ??= this.#sum;
    if (this.#first !== this.#sum) {
      throw new DeadCodeError(
        `Bench must do the same work in each cycle: its checksum was ${this.#first}, then ${this.#sum}`,
      );
    }
    this.#pass = 0;
    this.#sum = 0;
  }

  checksum(): number {
    return this.#first ?? 0;
  }
}
