import type { GroupWindow, Sample } from '../src/measure/job.ts';
import type { Contest, Row } from '../src/plan.ts';
import type { Environment } from '../src/report/report.ts';
import type { ContestOutcome } from '../src/run/schedule.ts';
import type { Bench, Kernel } from '../src/suite.ts';

/** Made-up outcomes of runs, for tests of what is made of them. */

export const anyKernel = (): Kernel => ({ ops: 1, run: () => 1 });

export function sampleOf(part: Partial<Sample>): Sample {
  return {
    warmupCycles: 1,
    cyclesPerChunk: 1,
    chunksPerWindow: 1,
    checksum: 7,
    chunkNs: [],
    groupWindows: [],
    busy: 1,
    ...part,
  };
}

export function windowOf(nsPerOp: number, overlap: number): GroupWindow {
  return { nsPerOp, overlap, busy: 1, accepted: overlap >= 0.9 };
}

export function contestOf(bench: Bench, rows?: readonly Row[]): Contest {
  const own = Object.keys(bench.contenders).map(contender => ({ contender, threads: 1 }));
  return { suite: 'suite', url: 'file:///suite.ts', bench, params: { nodes: 3 }, rows: rows ?? own };
}

/** Outcomes of a contest from each row's samples, round by round. */
export function outcomeOf(contest: Contest, samples: readonly (readonly Sample[])[]): ContestOutcome {
  const rows = contest.rows.map((row, place) => ({
    row,
    samples: (samples[place] ?? []).map((sample, round) => ({ round, place, sample })),
  }));
  return { contest, rows };
}

/** A row's samples of one chunk each. */
export function chunks(...times: number[]): Sample[] {
  return times.map(time => sampleOf({ chunkNs: [time] }));
}

export const environment: Environment = {
  startedAt: '2026-01-02T03:04:05.678Z',
  durationMs: 1234,
  node: 'v26.0.0',
  v8: '14',
  os: 'Linux',
  cpu: 'A <fast> one',
  cores: 2,
  memoryBytes: 2 ** 34,
  load: [0.5, 1],
  commit: 'a'.repeat(40),
  dirty: false,
  profile: 'quick',
  rounds: 5,
  seed: 1,
  keys: {
    source: 'words',
    count: 10,
    distinct: 10,
    bytes: { least: 16, mean: 20, most: 40 },
    digest: 'b'.repeat(64),
  },
  statistics: 'made up',
};
