import { GCProfiler, getHeapStatistics } from 'node:v8';
import type { Kernel } from '../suite.ts';
import type { Account } from './job.ts';

/**
 * Counts what `cycles` cycles allocate on this thread's heap, and how often it is collected meanwhile.
 *
 * V8 counts allocated bytes itself, whatever has been collected since; it does so area by area, so the figure for a few
 * operations is rough and that for thousands comes within a few bytes. Under the deterministic flags two runs give the same. What
 * `prepare` allocates is counted alone and taken off, so it must bear being called twice.
 */
export async function countAllocations(kernel: Kernel, cycles: number): Promise<Account> {
  const passes = kernel.cycle ?? 1;
  const ops = cycles * passes * kernel.ops;
  const repeat = async (step: (pass: number) => unknown): Promise<void> => {
    for (let call = 0; call < cycles * passes; call++) {
      const result = step(call % passes);
      if (result instanceof Promise) await result;
    }
  };
  const prepare = kernel.prepare?.bind(kernel);
  if (prepare !== undefined) {
    const alone = await bytesOf(async () => repeat(pass => prepare(pass)));
    const both = await bytesOf(async () =>
      repeat(pass => {
        prepare(pass);
        return kernel.run(pass);
      }),
    );
    return { bytesPerOp: Math.max(0, both - alone) / ops, ops };
  }
  const profiler = new GCProfiler();
  profiler.start();
  const bytes = await bytesOf(async () => repeat(pass => kernel.run(pass)));
  const collections = profiler.stop()?.statistics.length ?? 0;
  return { bytesPerOp: Math.max(0, bytes) / ops, collectionsPerOp: collections / ops, ops };
}

/** What asking allocates is taken off, so that work which allocates nothing comes out near 0. */
async function bytesOf(work: () => Promise<void>): Promise<number> {
  const before = getHeapStatistics().total_allocated_bytes;
  const between = getHeapStatistics().total_allocated_bytes;
  await work();
  return getHeapStatistics().total_allocated_bytes - between - (between - before);
}
