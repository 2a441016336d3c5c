import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import type { RunOptions, RunResult } from '../run-result.ts';
import type { Scenario } from '../scenario.ts';
import { discoverScenarios, ScenarioError } from './runner/discover-scenarios.ts';
import { parseRegression, problemOf, type Regression, runOptionsOf } from './runner/regression.ts';
import { outcomeOf, type SeedOutcome } from './runner/seed-outcome.ts';
import { simulate } from './simulate.ts';

/** A committed regression and the scenario it is of. */
export interface RegressionCase {
  /** The file's name, for the test's. */
  readonly name: string;
  readonly regression: Regression;
  /** Runs it in this process. */
  readonly replay: () => Promise<RegressionOutcome>;
}

export interface RegressionOutcome {
  readonly outcome: SeedOutcome;
  /** What is wrong with how it ended, in a sentence. */
  readonly problem?: string;
  /** Whether it did exactly what it did when it was found: other code often does not, and may still be right. */
  readonly isSameTrace: boolean;
}

export interface RegressionsOptions {
  /** Runs one seed. Default {@link simulate}. */
  readonly simulate?: (scenario: Scenario, options: RunOptions) => Promise<RunResult>;
}

/**
 * The regressions of a package, from `regressions/*.json` in its folder of scenarios, in order of their files' names.
 *
 * ```text
 * const cases = await loadRegressions(new URL('../scenarios/', import.meta.url));
 * test.each(cases)('$name', async ({ replay }) => expect((await replay()).problem).toBeUndefined());
 * ```
 *
 * @throws RangeError where a file is no regression; ScenarioError where there is no such scenario, or a module does not load
 */
export async function loadRegressions(
  folder: string | URL,
  options: RegressionsOptions = {},
): Promise<RegressionCase[]> {
  const path = typeof folder === 'string' ? folder : fileURLToPath(folder);
  const own = join(path, regressionsFolder);
  const files = existsSync(own) ? readdirSync(own).filter(file => file.endsWith('.json')) : [];
  if (files.length === 0) return [];
  const { found, problems } = await discoverScenarios([{ path }]);
  const run = options.simulate ?? simulate;
  return files.sort().map(file => {
    const regression = parseRegression(readFileSync(join(own, file), 'utf8'), file);
    const scenario = found.find(candidate => candidate.scenario.name === regression.scenario)?.scenario;
    if (scenario === undefined) {
      const why = problems.length === 0 ? '' : `; ${problems.join('; ')}`;
      throw new ScenarioError(
        `Regression ${file} must name a scenario: received "${regression.scenario}"${why}`,
      );
    }
    const replay = async (): Promise<RegressionOutcome> => {
      const outcome = outcomeOf(await run(scenario, runOptionsOf(regression)));
      const problem = problemOf(regression, outcome);
      const isSameTrace = outcome.traceHash === regression.traceHash;
      return { outcome, isSameTrace, ...(problem === undefined ? {} : { problem }) };
    };
    return { name: file.replace(/\.json$/, ''), regression, replay };
  });
}

const regressionsFolder = 'regressions';

/**
 * Writes a regression into the folder of its scenario; returns the file. No file is replaced: one of the same run stays as
 * it is, with what it expects by now, and another failure of the same seed goes into another file.
 */
export function keepRegression(folder: string, regression: Regression): string {
  mkdirSync(join(folder, regressionsFolder), { recursive: true });
  for (let number = 1; ; number++) {
    const name = `${regression.scenario}-${regression.seed}${number === 1 ? '' : `-${number}`}.json`;
    const file = join(folder, regressionsFolder, name);
    if (!existsSync(file)) {
      writeFileSync(file, `${JSON.stringify(regression, null, 2)}\n`);
      return file;
    }
    const kept = parseRegression(readFileSync(file, 'utf8'), file);
    if (isSameCase(kept, regression)) return file;
  }
}

function isSameCase(kept: Regression, fresh: Regression): boolean {
  const isSameRun = isDeepStrictEqual(runOptionsOf(kept), runOptionsOf(fresh));
  return isSameRun && kept.scenario === fresh.scenario && kept.found?.rule === fresh.found?.rule;
}
