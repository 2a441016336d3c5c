import { access, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CommandFailure, fileFailure, usageFailure } from '../failure.ts';
import { type Application, isApplication } from './application.ts';
import { textOf } from './worker-lines.ts';

/** What a module is for a worker. */
export interface Loaded {
  readonly applications: readonly Application[];
  /** What the module wants to have done in the end. */
  readonly close: () => Promise<void>;
}

/**
 * Loads a module and takes the applications out of one of its exports: one, an array of them, or a promise of either.
 *
 * @param names those that are wanted; all where undefined
 * @throws CommandFailure where the file, the export or an application is not there
 */
export async function loadApplications(
  file: string,
  exportName: string,
  names: readonly string[] | undefined,
): Promise<Loaded> {
  const module = await load(file);
  if (!(exportName in module)) {
    const others = Object.keys(module);
    const has = others.length === 0 ? 'it has none' : `it has ${others.join(', ')}`;
    throw usageFailure(`${file} has no export ${JSON.stringify(exportName)}: ${has}`);
  }
  const exported = await settled(file, exportName, module[exportName]);
  const applications: readonly unknown[] = Array.isArray(exported) ? exported : [exported];
  const wrong = applications.find(value => !isApplication(value));
  if (applications.length === 0 || wrong !== undefined) {
    const received = Array.isArray(exported) ? 'an array of something else' : kindOf(exported);
    throw new CommandFailure(
      `Export ${JSON.stringify(exportName)} of ${file} must be what createTasks gives, or an array of these: received ${received}`,
    );
  }
  const close = async (): Promise<void> => {
    const own = module['close'];
    if (typeof own === 'function') await Reflect.apply(own, module, []);
  };
  return { applications: chosen(file, applications as readonly Application[], names), close };
}

function chosen(
  file: string,
  applications: readonly Application[],
  names: readonly string[] | undefined,
): readonly Application[] {
  if (names === undefined) return applications;
  const known = applications.map(({ name }) => name);
  const unknown = names.find(name => !known.includes(name));
  if (unknown !== undefined)
    throw usageFailure(
      `--queues: ${file} has no application ${JSON.stringify(unknown)}: it has ${known.join(', ')}`,
    );
  return applications.filter(({ name }) => names.includes(name));
}

/** An export may be a promise, of a store that has to be opened first, say. @throws CommandFailure where it is rejected */
async function settled(file: string, exportName: string, value: unknown): Promise<unknown> {
  try {
    return await value;
  } catch (cause) {
    throw new CommandFailure(`Export ${JSON.stringify(exportName)} of ${file} failed: ${storyOf(cause)}`, {
      cause,
    });
  }
}

async function load(file: string): Promise<Readonly<Record<string, unknown>>> {
  if (file === '') throw usageFailure('The file must be named: received an empty name');
  const path = resolve(file);
  let isFolder: boolean;
  try {
    await access(path);
    isFolder = (await stat(path)).isDirectory();
  } catch (cause) {
    throw fileFailure('Cannot read', file, cause);
  }
  if (isFolder) throw fileFailure('Cannot read', file, { code: 'EISDIR' });
  try {
    return (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_UNKNOWN_FILE_EXTENSION')
      throw new CommandFailure(
        `${file} cannot be loaded: Node ${process.version} does not run files of this kind. TypeScript takes Node 22.18 or later`,
        { cause },
      );
    throw new CommandFailure(`${file} cannot be loaded: ${storyOf(cause)}`, { cause });
  }
}

/** A module of the user's own: where in it something was thrown is what they need. */
function storyOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return textOf(thrown);
  const places = (thrown.stack ?? '')
    .split('\n')
    .filter(line => /^\s+at /.test(line) && !line.includes('node:') && !line.includes(import.meta.url));
  return [textOf(thrown), ...places.slice(0, 3)].join('\n');
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === 'object' ? 'an object without work()' : `a ${typeof value}`;
}
