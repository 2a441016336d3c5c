import type { RunOptions, RunResult } from '../../src/run-result.ts';

/** What a fake run can be told apart by. */
export interface FakeBug {
  /** Whether a seed fails when so much is left of it. */
  readonly fails: (
    seed: number,
    has: (name: string) => boolean,
    safetyMs: number,
    earlierMs: number,
  ) => string | undefined;
  /** Everything that happens in a run unless it is taken away. */
  readonly names: readonly string[];
  /** How many times the events of seed 17 another seed has. Default 1. */
  readonly weight?: (seed: number) => number;
}

/**
 * A stand-in for the simulator whose bug is known: each thing that happens, and each millisecond with faults, is an event, but
 * for those that the faults are ahead of their time.
 */
export function fakeRun({ names, fails, weight = () => 1 }: FakeBug) {
  return async (options: RunOptions): Promise<RunResult> => {
    const { seed, without = [], safetyMs = 30_000, record = false } = options;
    const gone = new Set(without);
    const labels = without.filter(name => !name.includes('#'));
    const has = (name: string): boolean => !gone.has(name) && !labels.some(label => name.startsWith(label));
    const removable = names.filter(has);
    const rule = fails(seed, has, safetyMs, options.earlierMs ?? 0);
    return {
      scenario: 'fake',
      seed,
      verdict: rule === undefined ? 'ok' : 'violation',
      ...(rule === undefined ? {} : { finding: { rule, message: `It broke ${rule}` } }),
      traceHash: (seed * 1000 + removable.length).toString(16).padStart(16, '0'),
      events: Math.floor(weight(seed) * (removable.length + safetyMs - (options.earlierMs ?? 0))),
      simulatedMs: safetyMs,
      probes: seed % 2 === 0 ? ['even'] : [],
      swarm: seed % 3 === 0 ? ['crashes'] : [],
      history: [],
      ...(record ? { removable } : {}),
    };
  };
}
