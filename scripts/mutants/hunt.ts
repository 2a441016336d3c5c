import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripTypeScriptTypes } from 'node:module';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readCounts } from '../gate/test-report.ts';
import { type Mutant, MutantListError, mutate } from './mutant.ts';

/** How long the project's own suite may take over one bug. */
export const hunterLimitMs = 60_000;

/** What a suite made of some sources. `broken`: it could not be run at all, which is no catch. */
export interface Hunt {
  readonly verdict: 'caught' | 'passed' | 'broken';
  readonly seconds: number;
  /** What was printed. */
  readonly output: string;
}

/** Puts the bug into a copy of the sources, runs what has to notice, and takes it out again. */
export async function hunt(mutant: Mutant, copy: string): Promise<Hunt> {
  const path = join(copy, 'packages', mutant.package, mutant.file);
  const text = readFileSync(path, 'utf8');
  const mutated = mutate(mutant, text);
  try {
    stripTypeScriptTypes(mutated);
  } catch (error) {
    throw new MutantListError(
      `Mutant ${mutant.package}/${mutant.id} is not TypeScript: ${(error as Error).message}`,
    );
  }
  writeFileSync(path, mutated);
  try {
    return await runSuite(mutant, copy);
  } finally {
    writeFileSync(path, text);
  }
}

/** Runs what has to notice a mutant, on the sources as they are. */
export async function runSuite(mutant: Mutant, copy: string): Promise<Hunt> {
  const [first = '', ...rest] = mutant.caughtBy.split(' ');
  const startMs = performance.now();
  const { verdict, output } = await (first === 'sim' ? simulate(rest, copy) : unit(mutant, copy));
  return { verdict, output, seconds: (performance.now() - startMs) / 1000 };
}

type Found = Omit<Hunt, 'seconds'>;

async function simulate(args: readonly string[], copy: string): Promise<Found> {
  const seeds = args.includes('--seeds') ? [] : ['--seeds', '1..100000'];
  const budget = `${hunterLimitMs / 1000}s`;
  const limits = ['--budget', budget, '--failures', '1', '--shrink', 'no', '--jobs', '1'];
  const { code, output } = await run(
    ['packages/sim/src/host/main.ts', ...args, ...seeds, ...limits],
    copy,
    2 * hunterLimitMs,
  );
  // 3 is a scenario that threw: the code's own invariants are part of the suite; a name that is not defined is not.
  if (code === 1 || (code === 3 && !/\b(?:ReferenceError|SyntaxError)\b/.test(output))) {
    return { verdict: 'caught', output };
  }
  return { verdict: code === 0 ? 'passed' : 'broken', output };
}

async function unit(mutant: Mutant, copy: string): Promise<Found> {
  const report = join(copy, 'mutant-report.json');
  rmSync(report, { force: true });
  const file = join('packages', mutant.package, mutant.caughtBy);
  const vitest = 'node_modules/vitest/vitest.mjs';
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const args = [vitest, 'run', '--project', mutant.package, file, '--bail=1', ...reporters];
  const { code, output } = await run(args, copy, hunterLimitMs);
  // A test that goes on for ever is a catch too: nothing else stops a suite that passes in seconds.
  if (code === undefined) return { verdict: 'caught', output: `${output}\nIt did not end within the time` };
  const { passed, failed } = readCounts(report);
  if (code === 0 && passed > 0) return { verdict: 'passed', output };
  return { verdict: failed > 0 ? 'caught' : 'broken', output };
}

interface Ended {
  /** `undefined`: ended by us, for its time was over. */
  readonly code: number | undefined;
  readonly output: string;
}

async function run(args: readonly string[], cwd: string, limitMs: number): Promise<Ended> {
  const child = spawn(process.execPath, args, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
    // A group of its own, so that what it started ends with it.
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  }
  let late = false;
  const end = (): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  };
  const timer = setTimeout(() => {
    late = true;
    end();
  }, limitMs);
  process.once('exit', end);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return { code: late ? undefined : (code ?? 1), output };
  } finally {
    clearTimeout(timer);
    process.off('exit', end);
  }
}
