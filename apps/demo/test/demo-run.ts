import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const main: string = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** Whether processes can be looked at, as these tests do. */
export const canSeeProcesses: boolean = process.platform === 'linux';

/** What is temporary for the runs of this test file. */
const temporary = mkdtempSync(join(tmpdir(), 'quorate-run-'));
process.once('exit', () => rmSync(temporary, { recursive: true, force: true }));

/** One run of the demo as a process of its own, with what it writes. */
export class DemoRun implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly #folder = mkdtempSync(join(temporary, 'run-'));
  stdout = '';
  stderr = '';
  readonly #ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;

  constructor(args: readonly string[], command: readonly string[] = [process.execPath, main]) {
    const [program = '', ...rest] = [...command, ...args];
    // A group of its own, as a terminal's job has, so that a test can send to the whole of it.
    this.child = spawn(program, rest, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TMPDIR: this.#folder },
    });
    this.child.stdout?.setEncoding('utf8').on('data', text => (this.stdout += text));
    this.child.stderr?.setEncoding('utf8').on('data', text => (this.stderr += text));
    this.#ended = once(this.child, 'close').then(([code, signal]) => ({ code, signal }));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** What there is at this moment of the run's temporary files: its nodes' journals. */
  get files(): readonly string[] {
    return readdirSync(this.#folder);
  }

  /** Everything that it wrote, on either stream. */
  get output(): string {
    return this.stdout + this.stderr;
  }

  /** The first match in the output. @throws Error with the output when it does not come in time */
  async waitFor(pattern: RegExp, deadlineMs = 90_000): Promise<RegExpExecArray> {
    return until(
      () => pattern.exec(this.output) ?? undefined,
      deadlineMs,
      () => `${pattern} in ${this.output}`,
    );
  }

  /** Waits until nothing of what was temporary is left. */
  async cleared(): Promise<void> {
    await until(
      () => (this.files.length === 0 ? true : undefined),
      30_000,
      () => `an end of ${this.files.join()}`,
    );
  }

  async end(deadlineMs = 60_000): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    let ended: { code: number | null; signal: NodeJS.Signals | null } | undefined;
    void this.#ended.then(result => (ended = result));
    return until(
      () => ended,
      deadlineMs,
      () => `an end of ${this.output}`,
    );
  }

  /** Starts two nodes without the tour, waits until they are up, and tells their processes. */
  static async staying(
    args: readonly string[] = [],
    command?: readonly string[],
  ): Promise<{ run: DemoRun; nodes: number[] }> {
    const run = new DemoRun(['--no-tour', '--nodes', '2', '--count', '600', ...args], command);
    try {
      await run.waitFor(/Still running/);
      const nodes = nodeProcesses(run.pid);
      if (nodes.length < 2) throw new Error(`Nodes of the demo: ${nodes.join()}`);
      return { run, nodes };
    } catch (error) {
      await run[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.#ended;
  }
}

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return undefined;
    return { pid, parent: Number(parent), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8') };
  } catch {
    return undefined;
  }
}

/** The nodes among the descendants of a process. */
export function nodeProcesses(ancestor: number): number[] {
  const all = readdirSync('/proc').flatMap(name => (/^\d+$/.test(name) ? (statOf(Number(name)) ?? []) : []));
  const family = new Set([ancestor]);
  for (let size = 0; size !== family.size; ) {
    size = family.size;
    for (const { pid, parent } of all) if (family.has(parent)) family.add(pid);
  }
  return all
    .filter(({ pid, command }) => family.has(pid) && command.includes('apps/node/src/main.ts'))
    .map(({ pid }) => pid);
}

/** Waits until none of the processes is alive. */
export async function allGone(pids: readonly number[], deadlineMs = 30_000): Promise<void> {
  const alive = (): number[] => pids.filter(pid => statOf(pid) !== undefined);
  await until(
    () => (alive().length === 0 ? true : undefined),
    deadlineMs,
    () => `an end of ${alive().join()}`,
  );
}

/** Looks again and again, for neither a file nor a foreign process tells when it changes. */
async function until<T>(look: () => T | undefined, deadlineMs: number, what: () => string): Promise<T> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (performance.now() > endMs) throw new Error(`Waited ${deadlineMs} ms for ${what()}`);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}
