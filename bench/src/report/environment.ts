import { arch, cpus, loadavg, release, totalmem, type } from 'node:os';
import type { LoadedKeys } from '../input/load-keys.ts';
import type { Profile } from '../run/profile.ts';
import { commitOf } from './commit.ts';
import type { Environment } from './report.ts';

const statistics =
  'value of a process: lower quartile of its chunks, or the sum over the calls of a cycle of the lower quartile of each; nsPerOp: median over processes with a 95 % percentile bootstrap ' +
  'interval; ratio: Hodges-Lehmann estimate of the log ratios of processes paired by round, 95 % percentile bootstrap over pairs';

/** What the figures of a run depend on besides the code. Call the result at the end of the run. */
export function observeEnvironment(
  profile: Profile,
  seed: number,
  input: LoadedKeys,
  folder: string,
): () => Environment {
  const startedMs = Date.now();
  const loadBefore = loadavg()[0] ?? 0;
  return () => ({
    startedAt: new Date(startedMs).toISOString(),
    durationMs: Date.now() - startedMs,
    node: process.version,
    v8: process.versions.v8,
    os: `${type()} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    load: [loadBefore, loadavg()[0] ?? 0],
    ...commitOf(folder),
    profile: profile.name,
    rounds: profile.rounds,
    seed,
    keys: {
      source: input.source,
      count: input.keys.length,
      distinct: input.distinct,
      bytes: input.bytes,
      digest: input.digest,
    },
    statistics,
  });
}
