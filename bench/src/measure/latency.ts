import { Bench } from 'tinybench';
import type { Kernel } from '../suite.ts';
import type { Latency } from './job.ts';

const warmupCalls = 200;

/**
 * The distribution of single calls, by tinybench: `calls` of them, each timed on its own, the timer's own time taken off.
 *
 * The calls follow one another (a closed loop), so a long one delays the next instead of finding it waiting: this is what a
 * caller waits for an operation, not what a user waits who arrives at a rate of his own.
 */
export async function measureLatency(kernel: Kernel, calls: number): Promise<Latency | null> {
  const call = kernel.call?.bind(kernel);
  if (call === undefined) return null;
  const bench = new Bench({
    iterations: calls,
    time: 0,
    warmupIterations: warmupCalls,
    warmupTime: 0,
    retainSamples: true,
    subtractTimerOverhead: true,
    throws: true,
    timestampProvider: 'performanceNow',
  });
  let index = 0;
  bench.add('call', () => call(index++));
  const [task] = await bench.run();
  const result = task?.result;
  if (result === undefined || !('latency' in result))
    throw new Error(`Latency must be measured: received ${result?.state}`);
  const { p50, p75, p99, p999, samplesCount } = result.latency;
  return { p50: p50 * 1e6, p75: p75 * 1e6, p99: p99 * 1e6, p999: p999 * 1e6, calls: samplesCount };
}
