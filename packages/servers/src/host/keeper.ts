import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** Reads ids of processes and, when nobody writes any more, kills those that were named last and removes the folder. */
const SCRIPT = `
while read -r line; do pids=$line; done
for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
rm -rf "$1" || { sleep 1; rm -rf "$1"; }
`;

/**
 * A small process that outlives this one, whatever kills it, to leave nothing behind: it holds the other end of a pipe, which the
 * kernel closes with us.
 */
export class Keeper implements AsyncDisposable {
  readonly #shell: ChildProcess;

  constructor(folder: string) {
    // A group of its own: what interrupts the tests at a terminal must not interrupt the clearing away.
    this.#shell = spawn('/bin/sh', ['-c', SCRIPT, 'keeper', folder], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#shell.on('error', () => {});
    this.#shell.stdin?.on('error', () => {});
    this.#shell.unref();
    unrefStream(this.#shell.stdin);
  }

  /** Says which processes are to be killed now, in place of those that were named before. */
  watch(...pids: readonly number[]): void {
    this.#shell.stdin?.write(`${pids.join(' ')}\n`);
  }

  /** Kills what is being watched and removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#shell.exitCode !== null || this.#shell.signalCode !== null) return;
    const exited = once(this.#shell, 'exit');
    this.#shell.ref();
    this.#shell.stdin?.end();
    await exited;
  }
}

/** Pipes to a child keep the process alive; their type does not say that they can be told not to. */
export function unrefStream(stream: unknown): void {
  (stream as { unref?: () => void } | null)?.unref?.();
}
