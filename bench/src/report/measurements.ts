import type { Latency, OpenLoop, OpenLoopLatency, Sample } from '../measure/job.ts';
import type { RowOutcome } from '../run/schedule.ts';
import { median } from '../statistics/quantile.ts';
import type { BenchRow } from './report.ts';

type Measurements = Pick<
  BenchRow,
  'latencyNs' | 'openLoopNs' | 'bytesPerOp' | 'countsPerOp' | 'overlap' | 'busy'
>;

/** What a row has found besides its value: medians over its processes. */
export function measurementsOf(outcome: RowOutcome): Measurements {
  const samples = outcome.samples.map(({ sample }) => sample);
  const windows = samples.flatMap(sample => sample.groupWindows);
  const accepted = windows.filter(window => window.accepted);
  const bytes = samples.flatMap(({ account }) => (account === undefined ? [] : [account.bytesPerOp]));
  return {
    ...latencyOf(samples.flatMap(({ latency }) => latency ?? [])),
    ...openLoopOf(samples.flatMap(({ openLoop }) => openLoop ?? [])),
    ...(bytes.length === 0 ? {} : { bytesPerOp: median(bytes) }),
    ...countsOf(samples),
    ...(accepted.length === 0
      ? {}
      : {
          overlap: {
            least: Math.min(...accepted.map(window => window.overlap)),
            rejected: windows.length - accepted.length,
          },
        }),
    ...(samples.length === 0 ? {} : { busy: median(samples.map(({ busy }) => busy)) }),
  };
}

function latencyOf(latencies: readonly Latency[]): Pick<Measurements, 'latencyNs'> {
  if (latencies.length === 0) return {};
  const middle = (field: 'p50' | 'p75' | 'p99' | 'p999'): number =>
    median(latencies.map(latency => latency[field]));
  const calls = latencies.reduce((sum, latency) => sum + latency.calls, 0);
  return {
    latencyNs: { p50: middle('p50'), p75: middle('p75'), p99: middle('p99'), p999: middle('p999'), calls },
  };
}

function openLoopOf(loops: readonly OpenLoop[]): Pick<Measurements, 'openLoopNs'> {
  const [first] = loops;
  if (first === undefined) return {};
  const middle = (kind: 'corrected' | 'raw'): OpenLoopLatency => {
    const of = (field: keyof OpenLoopLatency): number => median(loops.map(loop => loop[kind][field]));
    return { p50: of('p50'), p99: of('p99'), p999: of('p999'), most: of('most') };
  };
  const calls = loops.reduce((sum, loop) => sum + loop.calls, 0);
  return { openLoopNs: { rate: first.rate, calls, corrected: middle('corrected'), raw: middle('raw') } };
}

/** Of the accepted windows of thread groups, or of all windows of a single thread. */
function countsOf(samples: readonly Sample[]): Pick<Measurements, 'countsPerOp'> {
  const all = samples.flatMap(({ counts, groupWindows }) => [
    ...(counts === undefined ? [] : [counts]),
    ...groupWindows.flatMap(window => (window.accepted && window.counts ? [window.counts] : [])),
  ]);
  const names = Object.keys(all[0] ?? {});
  if (names.length === 0) return {};
  return {
    countsPerOp: Object.fromEntries(names.map(name => [name, median(all.map(counts => counts[name] ?? 0))])),
  };
}
