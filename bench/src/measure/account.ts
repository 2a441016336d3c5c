import { GCProfiler, getHeapStatistics } from 'node:v8';
import type { Kernel } from '../suite.ts';
import type { Account } from './job.ts';

/** V8 hands out the heap in pages of so many bytes, and counts a page as allocated when its first byte is. */
const pageBytes = 262_144;

/**
 * Counts what `cycles` cycles allocate on this thread's heap, and how often it is collected meanwhile.
 *
 * Bytes are what the used part of the heap grows by during each call, which V8 knows to the byte as long as nothing is
 * collected; calls in which something was are left out. Of calls that are so large that all of them are collected in, what V8
 * counts by pages is taken. So what `prepare` allocates is in neither.
 *
 * Collections come first and from calls alone: reading the heap makes garbage too. There are none of kernels with `prepare`.
 */
export async function countAllocations(kernel: Kernel, cycles: number): Promise<Account> {
  const calls = cycles * (kernel.cycle ?? 1);
  const ops = calls * kernel.ops;
  const collections = kernel.prepare === undefined ? await collectionsIn(kernel, calls) : undefined;
  const bytesPerOp = (await bytesPerCall(kernel, calls)) / kernel.ops;
  return { bytesPerOp, ...(collections === undefined ? {} : { collectionsPerOp: collections / ops }), ops };
}

async function collectionsIn(kernel: Kernel, calls: number): Promise<number> {
  const passes = kernel.cycle ?? 1;
  const profiler = new GCProfiler();
  profiler.start();
  for (let call = 0; call < calls; call++) {
    const result = kernel.run(call % passes);
    if (result instanceof Promise) await result;
  }
  return profiler.stop()?.statistics.length ?? 0;
}

async function bytesPerCall(kernel: Kernel, calls: number): Promise<number> {
  const passes = kernel.cycle ?? 1;
  const grown = { calls: 0, bytes: 0 };
  let paged = 0;
  for (let call = 0; call < calls; call++) {
    const pass = call % passes;
    kernel.prepare?.(pass);
    // What asking allocates itself.
    const start = getHeapStatistics();
    const before = getHeapStatistics();
    const result = kernel.run(pass);
    if (result instanceof Promise) await result;
    const after = getHeapStatistics();
    const asking = Math.max(0, before.used_heap_size - start.used_heap_size);
    const bytes = after.used_heap_size - before.used_heap_size;
    const pages = after.total_allocated_bytes - before.total_allocated_bytes;
    paged += pages;
    // A collection lets the used part shrink, or grow by less than was allocated.
    if (bytes < 0 || asking > pageBytes || pages - bytes > 2 * pageBytes) continue;
    grown.calls += 1;
    grown.bytes += Math.max(0, bytes - asking);
  }
  return 2 * grown.calls >= calls ? grown.bytes / grown.calls : paged / calls;
}
