import { type RunResult, type Scenario, simulate } from '@quorate/sim';
import { BaseLacksError } from '../check/base-lacks.ts';
import type { Kernel } from '../suite.ts';

/**
 * A scenario of a package, by default the simulator's own. It is found through the package, so that a build that is measured
 * brings its scenarios along: they reach into its sources.
 */
export async function scenarioOf(file: string, name: string, owner = '@quorate/sim'): Promise<Scenario> {
  const url = new URL(`./scenarios/${file}.ts`, import.meta.resolve(`${owner}/package.json`));
  const module = (await import(url.href)) as Readonly<Record<string, Scenario>>;
  const scenario = module[name];
  if (scenario === undefined) throw new BaseLacksError(`no scenario ${name} in ${file} of ${owner}`);
  return scenario;
}

/** Runs the seeds from 1 to `seeds` in each call; an operation is an event of theirs. */
export async function eventsOf(scenario: Scenario, seeds: number): Promise<Kernel> {
  const results = await runAll(scenario, seeds);
  return { ops: results.reduce((sum, { events }) => sum + events, 0), run: () => digestOf(scenario, seeds) };
}

/** The same; an operation is a simulated millisecond. */
export async function millisecondsOf(scenario: Scenario, seeds: number): Promise<Kernel> {
  const results = await runAll(scenario, seeds);
  const simulatedMs = results.reduce((sum, result) => sum + result.simulatedMs, 0);
  return { ops: Math.round(simulatedMs), run: () => digestOf(scenario, seeds) };
}

/** The same; an operation is a seed from its beginning to its end. */
export function seedsOf(scenario: Scenario, seeds: number): Kernel {
  return { ops: seeds, run: () => digestOf(scenario, seeds) };
}

async function digestOf(scenario: Scenario, seeds: number): Promise<number> {
  let sum = 0;
  for (const { traceHash } of await runAll(scenario, seeds)) {
    sum = (Math.imul(sum, 31) + Number.parseInt(traceHash.slice(0, 8), 16)) | 0;
  }
  return sum;
}

async function runAll(scenario: Scenario, seeds: number): Promise<RunResult[]> {
  const results: RunResult[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const result = await simulate(scenario, { seed });
    if (result.verdict !== 'ok') {
      throw new Error(
        `Seed ${seed} of ${scenario.name} must be without a finding: received ${result.verdict}`,
      );
    }
    results.push(result);
  }
  return results;
}
