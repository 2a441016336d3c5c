import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Scenario } from '../../scenario.ts';
import { describeError } from './seed-outcome.ts';

/** A folder with scenarios, and the package that it is of. */
export interface ScenarioFolder {
  readonly path: string;
  readonly package?: string;
}

/** A scenario and where it comes from, so that a process of its own can load it. */
export interface FoundScenario {
  readonly scenario: Scenario;
  readonly package?: string;
  /** `package/name`, or the name alone. */
  readonly id: string;
  readonly file: string;
  /** The folder it was found in, where its regression cases are too. */
  readonly folder: string;
}

/** Scenarios, and what the modules say that could not be loaded. */
export interface Discovered {
  readonly found: readonly FoundScenario[];
  readonly problems: readonly string[];
}

/** A scenario's module cannot be used; the message has the place in it, where there is one. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
}

/** The folders `packages/<name>/scenarios` of a workspace. */
export function workspaceFolders(root: string): ScenarioFolder[] {
  const packages = join(root, 'packages');
  if (!existsSync(packages)) return [];
  return readdirSync(packages)
    .sort()
    .map(name => ({ path: join(packages, name, 'scenarios'), package: name }))
    .filter(({ path }) => existsSync(path));
}

/**
 * Loads the modules directly in `folders` and finds what they export as scenarios, by default or by name.
 *
 * A module that does not load, or has no scenario, or a name that is taken, is a problem that the caller must show: a scenario
 * that silently did not run is worse than a failure.
 */
export async function discoverScenarios(folders: readonly ScenarioFolder[]): Promise<Discovered> {
  const found: FoundScenario[] = [];
  const problems: string[] = [];
  for (const folder of folders) {
    let files: string[] = [];
    try {
      files = modulesIn(folder.path);
    } catch (error) {
      problems.push(`Scenarios ${folder.path} must be readable: ${(error as Error).message}`);
    }
    for (const file of files) {
      try {
        for (const scenario of await loadScenarios(file)) add(found, scenario, file, folder);
      } catch (error) {
        problems.push((error as Error).message);
      }
    }
  }
  return { found, problems };
}

function modulesIn(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter(
      entry => entry.isFile() && /\.m?[jt]s$/.test(entry.name) && !/\.(?:d|test)\.m?ts$/.test(entry.name),
    )
    .map(({ name }) => join(path, name))
    .sort();
}

function add(found: FoundScenario[], scenario: Scenario, file: string, folder: ScenarioFolder): void {
  const id = folder.package === undefined ? scenario.name : `${folder.package}/${scenario.name}`;
  const other = found.find(candidate => candidate.id === id);
  if (other !== undefined) {
    throw new ScenarioError(
      `Scenario "${id}" must have a name of its own: ${other.file} and ${file} have it`,
    );
  }
  const { path, package: name } = folder;
  found.push({ scenario, id, file, folder: path, ...(name === undefined ? {} : { package: name }) });
}

/** The scenarios that a module exports, each once. @throws ScenarioError where it does not load, or has none */
export async function loadScenarios(file: string): Promise<Scenario[]> {
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } catch (thrown) {
    const { name, message, stack = `${name}: ${message}` } = describeError(thrown);
    // How Node comes to load it is of no interest.
    const lines = stack.split('\n').filter(line => !/^ +at .*\bnode:internal\//.test(line));
    throw new ScenarioError(`Scenarios ${file} must load: ${lines.join('\n')}`, { cause: thrown });
  }
  const scenarios = [...new Set(Object.values(module))].filter(isScenario);
  if (scenarios.length > 0) return scenarios;
  throw new ScenarioError(`Scenarios ${file} must export a scenario, by default or by name: it has none`);
}

/** One scenario of a module, by its name. @throws ScenarioError */
export async function loadScenario(file: string, name: string): Promise<Scenario> {
  const scenario = (await loadScenarios(file)).find(candidate => candidate.name === name);
  if (scenario !== undefined) return scenario;
  throw new ScenarioError(`Scenarios ${basename(file)} must export "${name}": it does not`);
}

function isScenario(value: unknown): value is Scenario {
  if (typeof value !== 'object' || value === null) return false;
  const { name, nodes, node } = value as Partial<Scenario>;
  return typeof name === 'string' && Array.isArray(nodes) && typeof node === 'function';
}
