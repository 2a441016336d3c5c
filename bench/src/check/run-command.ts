import { spawn } from 'node:child_process';
import { commandEnvironment } from '../run/command-environment.ts';

/** A program and its arguments; never a line for a shell. */
export type Command = readonly [program: string, ...args: string[]];

export interface CommandOptions {
  readonly cwd: string;
  /** Added to the environment of this process, from which what would mislead the command is taken out. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Ends the command and all that it started. */
  readonly signal?: AbortSignal;
  /** After so much time the command is ended and has failed; 5 minutes unless given. */
  readonly deadlineMs?: number;
}

export interface CommandEnd {
  /** The exit code; 124 where its time was up, 127 where the program is not there, and 1 where it wrote more than can be kept. */
  readonly code: number;
  readonly stdout: string;
  /** The end of everything that it wrote, for messages. */
  readonly output: string;
}

const outputCharactersMax = 4000;
const stdoutCharactersMax = 1 << 24;

const deadlineMsDefault = 5 * 60_000;

/** How long a command has to clean up after itself once it was told to end, ms. */
const graceMs = 3000;

/**
 * Runs a command to its end, with nothing on its standard input. Failure is a code, not an exception.
 *
 * @throws the signal's reason when it aborts; by then the command and what it started are gone
 */
export async function runCommand(
  [program, ...args]: Command,
  { cwd, environment, signal, deadlineMs = deadlineMsDefault }: CommandOptions,
): Promise<CommandEnd> {
  signal?.throwIfAborted();
  // A group of its own, so that a launcher cannot be ended without what it launched.
  const child = spawn(program, args, {
    cwd,
    env: { ...commandEnvironment(), GIT_TERMINAL_PROMPT: '0', NO_COLOR: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  });
  let [stdout, output] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout = (stdout + text).slice(0, stdoutCharactersMax);
    output = (output + text).slice(-outputCharactersMax);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-outputCharactersMax);
  });
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    killGroup(child.pid, 'SIGTERM');
    timer = setTimeout(() => killGroup(child.pid, 'SIGKILL'), graceMs);
  };
  signal?.addEventListener('abort', end, { once: true });
  let late = false;
  const deadline = setTimeout(() => {
    late = true;
    output += `\nIt did not end within ${deadlineMs} ms`;
    end();
  }, deadlineMs);
  try {
    const code = await new Promise<number>(resolve => {
      child.once('error', error => {
        output += error.message;
        resolve(127);
      });
      child.once('close', ended => resolve(ended ?? 1));
    });
    signal?.throwIfAborted();
    const kept = stdout.length < stdoutCharactersMax;
    return { code: late ? 124 : kept ? code : 1, stdout, output: output.trim() };
  } finally {
    clearTimeout(deadline);
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
}

function killGroup(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, name);
  } catch {
    // All of it has ended by itself.
  }
}
