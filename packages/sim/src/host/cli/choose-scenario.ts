import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Discovered,
  discoverScenarios,
  type FoundScenario,
  ScenarioError,
  workspaceFolders,
} from '../runner/discover-scenarios.ts';
import { nearNames } from './near-names.ts';
import { UsageError } from './usage-error.ts';

/** The scenarios of the folder that `--scenarios` names, else those of the workspace. @throws UsageError */
export async function findScenarios(named: string | undefined): Promise<Discovered> {
  if (named === undefined) return discoverScenarios(workspaceFolders(workspaceRoot()));
  const path = resolve(named);
  if (!existsSync(path) || !statSync(path).isDirectory()) {
    throw new UsageError(`Option --scenarios must name a folder: received "${named}"`);
  }
  return discoverScenarios([{ path }]);
}

/** The workspace around the current folder; where that is in none, the one that this package is developed in. */
function workspaceRoot(): string {
  const starts = [process.cwd(), dirname(fileURLToPath(import.meta.url))];
  return starts.map(rootAbove).find(root => root !== undefined) ?? process.cwd();
}

function rootAbove(folder: string): string | undefined {
  if (existsSync(join(folder, 'pnpm-workspace.yaml'))) return folder;
  return dirname(folder) === folder ? undefined : rootAbove(dirname(folder));
}

/**
 * The scenario that `name` stands for, as `package/name` or by its name alone.
 *
 * @throws UsageError where no scenario or more than one is called so
 * @throws ScenarioError where none is, and modules do not load that might have it
 */
export function chooseScenario({ found, problems }: Discovered, name: string): FoundScenario {
  const fitting = found.filter(({ id, scenario }) => id === name || scenario.name === name);
  const [only, ...others] = fitting;
  if (only !== undefined && others.length === 0) return only;
  if (only !== undefined) {
    const ids = fitting.map(({ id }) => id).join(', ');
    throw new UsageError(`Scenario "${name}" must be one: there are ${ids}`);
  }
  const ids = found.map(({ id }) => id);
  const near = nearNames(name, ids).join(' or ');
  const none = `No scenario is called "${name}"`;
  if (near !== '') throw new UsageError(`${none}; is it ${near}?`);
  if (problems.length > 0) {
    throw new ScenarioError(`${none} in what loads, and this does not:\n${problems.join('\n')}`);
  }
  throw new UsageError(`${none}; there are ${ids.length === 0 ? 'none' : ids.join(', ')}`);
}

/** What `--list` shows: each package with its scenarios. */
export function renderListing(found: readonly FoundScenario[]): string {
  const width = Math.max(0, ...found.map(({ id }) => id.length)) + 2;
  return found.map(({ id, scenario }) => `${id.padEnd(width)}${scenario.summary}\n`).join('');
}
