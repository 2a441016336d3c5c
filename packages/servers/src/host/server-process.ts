import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { Keeper, unrefStream } from './keeper.ts';

/** A real server in a process of its own, on a port of the loopback address and with its data in a temporary folder. */
export interface Server extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** Where its data is. Removed with it. */
  readonly folder: string;
  /** Of the process that runs now. @throws Error while none does */
  readonly pid: number;
  /** Whether a process runs, paused or not. */
  readonly isRunning: boolean;
  /** Everything that it has printed. */
  readonly output: string;
  /** Has it shut down in its own way. The data stays. */
  stop(): Promise<void>;
  /** Kills it, and the processes that it has started, with SIGKILL. The data stays, as far as it was written. */
  kill(): Promise<void>;
  /** Stops it, and the processes that it has started, with SIGSTOP: its port takes connections, and nothing is answered. */
  pause(): void;
  /** Lets it go on. */
  resume(): void;
  /** Starts it again on the same port and data; shuts it down first where it runs. */
  restart(): Promise<void>;
}

/** What makes a server of a program. */
export interface ServerRecipe {
  readonly name: string;
  readonly program: string;
  /** Whom it runs as; undefined for the user that we are. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  readonly args: (port: number, folder: string) => readonly string[];
  readonly url: (port: number) => string;
  /** What to do in the new folder before the first start. */
  readonly prepare?: (folder: string, port: number) => Promise<void>;
  readonly isReady: (port: number) => Promise<boolean>;
  /** The signal by which it shuts down. Default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
  /** What it prints where it cannot start yet, since something of the one before has not ended: then it is started again. */
  readonly notYet?: RegExp;
}

/** For one that hangs: on a machine with much else to do a start takes ten seconds and more. */
const READY_MS = 60_000;
const STOP_MS = 10_000;
const LOOK_MS = 10;
const STARTS_MAX = 5;

/** Starts a server, on another port where somebody was faster to take the first. */
export async function startServer(recipe: ServerRecipe): Promise<Server> {
  for (let start = 1; ; start++) {
    const server = new ServerProcess(recipe, await freePort());
    try {
      await server.prepare();
      await server.restart();
      return server;
    } catch (thrown) {
      await server[Symbol.asyncDispose]();
      if (start === STARTS_MAX || !/address (?:is )?already in use/i.test(String(thrown))) throw thrown;
    }
  }
}

class ServerProcess implements Server {
  readonly port: number;
  readonly url: string;
  readonly folder: string;
  readonly #recipe: ServerRecipe;
  readonly #keeper: Keeper;
  readonly #output: string[] = [];
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();

  constructor(recipe: ServerRecipe, port: number) {
    this.#recipe = recipe;
    this.port = port;
    this.url = recipe.url(port);
    this.folder = mkdtempSync(join(tmpdir(), `quorate-${recipe.name}-`));
    if (recipe.user !== undefined) chownSync(this.folder, recipe.user.uid, recipe.user.gid);
    this.#keeper = new Keeper(this.folder);
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`${this.#recipe.name} is not running`);
    return pid;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  get output(): string {
    return this.#output.join('');
  }

  async prepare(): Promise<void> {
    await this.#recipe.prepare?.(this.folder, this.port);
  }

  async restart(): Promise<void> {
    await this.stop();
    const dueMs = Date.now() + READY_MS;
    let printed = this.#output.length;
    this.#spawn();
    while (!(await this.#recipe.isReady(this.port))) {
      if (Date.now() > dueMs) throw new Error(this.#report(`was not ready within ${READY_MS} ms`));
      await sleep(LOOK_MS);
      if (this.#child !== undefined) continue;
      const said = this.#output.slice(printed).join('');
      if (this.#recipe.notYet?.test(said) !== true) throw new Error(this.#report('ended while it started'));
      printed = this.#output.length;
      this.#spawn();
    }
    // Another process may have been faster to take the port, and answers in our server's place until that one gives up.
    await sleep(0);
    if (this.#child === undefined) throw new Error(this.#report('ended while it started'));
  }

  async stop(): Promise<void> {
    if (this.#child === undefined) return;
    this.resume();
    this.#child.ref();
    this.#child.kill(this.#recipe.stopSignal ?? 'SIGTERM');
    const isLate = await Promise.race([this.#exited, sleep(STOP_MS, true, { ref: false })]);
    if (isLate === true) await this.kill();
  }

  async kill(): Promise<void> {
    if (this.#child === undefined) return;
    this.#child.ref();
    const children = this.#signal('SIGKILL');
    await this.#exited;
    // What one of them holds still, as memory that they share, keeps the next from starting.
    while (children.length > 0 && areRunning(children)) await sleep(LOOK_MS);
  }

  pause(): void {
    this.#signal('SIGSTOP');
  }

  resume(): void {
    this.#signal('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#keeper[Symbol.asyncDispose]();
  }

  /** The process first, so that it starts no others meanwhile. @returns those that it has started */
  #signal(signal: NodeJS.Signals): readonly number[] {
    const { pid } = this;
    if (signal === 'SIGKILL') process.kill(pid, 'SIGSTOP');
    else process.kill(pid, signal);
    const children = childrenOf(pid);
    for (const child of children) tryKill(child, signal);
    if (signal === 'SIGKILL') tryKill(pid, signal);
    return children;
  }

  #spawn(): void {
    const { program, args, user } = this.#recipe;
    const child = spawn(program, args(this.port, this.folder), {
      cwd: this.folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(user === undefined ? {} : user),
    });
    this.#child = child;
    this.#exited = new Promise(resolve => {
      const onEnd = (error?: unknown): void => {
        if (error instanceof Error) this.#output.push(`${error.message}\n`);
        this.#child = undefined;
        this.#keeper.watch();
        resolve();
      };
      child.once('error', onEnd);
      // `exit` rather than `close`: processes that it started may hold its output for a while longer.
      child.once('exit', () => onEnd());
    });
    if (child.pid !== undefined) this.#keeper.watch(child.pid);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => this.#output.push(text));
      unrefStream(stream);
    }
    child.unref();
  }

  #report(what: string): string {
    return `${this.#recipe.name} on port ${this.port} ${what}:\n${this.output.slice(-2_000)}`;
  }
}

/** Processes that a process has started, and those that they have. */
function childrenOf(pid: number): readonly number[] {
  const pairs = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(line => line.trim().split(/\s+/).map(Number));
  const children = pairs.filter(([, parent]) => parent === pid).map(([child]) => child as number);
  return children.flatMap(child => [child, ...childrenOf(child)]);
}

/** Whether one of some processes has not ended. One that has, and that nobody has asked about, is over. */
function areRunning(pids: readonly number[]): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', pids.join()], { encoding: 'utf8' });
  return stdout.split('\n').some(state => state !== '' && !state.startsWith('Z'));
}

function tryKill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
