import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { runSim } from '../../src/host/cli/run-sim.ts';

const main = fileURLToPath(new URL('../../src/host/main.ts', import.meta.url));

/** The scenarios that these tests run. */
export const scenarios: string = fileURLToPath(new URL('../fixtures/scenarios', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartOptions {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts the real command; it is for the caller to end it. */
export function startSim(args: readonly string[], options: StartOptions = {}) {
  const child: ChildProcess = spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.environment },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (data: Buffer) => (output.stdout += data.toString()));
  child.stderr?.on('data', (data: Buffer) => (output.stderr += data.toString()));
  const ended = once(child, 'close').then(([code]): Ended => ({ ...output, code: code as number | null }));
  return { child, output, ended };
}

/** Runs it on the fixtures' scenarios. */
export async function sim(...args: readonly string[]): Promise<Ended> {
  return startSim([...args, '--scenarios', scenarios]).ended;
}

/** The same in this process, for what ends before any seed is run. */
export async function simHere(...args: readonly string[]): Promise<Ended> {
  const output = { stdout: '', stderr: '' };
  const code = await runSim({
    args: [...args, '--scenarios', scenarios],
    stdout: { write: text => (output.stdout += text) },
    stderr: { write: text => (output.stderr += text) },
    signal: new AbortController().signal,
  });
  return { ...output, code };
}

/** What `--json -` prints. */
export interface CampaignJson {
  readonly exitCode: number;
  readonly ended: string;
  readonly seeds: { readonly done: number };
  readonly jobs: number;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly probes: { readonly reached: Readonly<Record<string, number>>; readonly never: readonly string[] };
  readonly swarm: Readonly<Record<string, number>>;
  readonly failures: readonly {
    readonly seed: number;
    readonly verdict: string;
    readonly rule: string;
    readonly message: string;
  }[];
  readonly described: readonly {
    readonly seed: number;
    readonly rule: string;
    readonly replay: string;
    readonly traceHash: string;
    readonly events: number;
    readonly kept?: string;
    readonly shrunk?: { readonly eventsBefore: number; readonly runs: number; readonly isComplete: boolean };
  }[];
}

export async function simJson(...args: readonly string[]): Promise<Ended & { readonly json: CampaignJson }> {
  const ended = await sim(...args, '--json', '-');
  return { ...ended, json: JSON.parse(ended.stdout) as CampaignJson };
}
