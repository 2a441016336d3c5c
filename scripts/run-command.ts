import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** The repository's root: every script works from there, whatever folder it was started in. */
export const ROOT: string = join(import.meta.dirname, '..');

export interface CommandOptions {
  /** Default: the repository's root. */
  readonly cwd?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface CommandResult {
  /** The exit code; 128 and the signal's number are not told apart: a killed child counts as 1. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program and its arguments; never a line for a shell. */
export type Command = readonly [program: string, ...args: string[]];

/** A command that had to succeed did not; the message holds what it printed. */
export class CommandFailed extends Error {
  readonly result: CommandResult;

  constructor(command: Command, result: CommandResult) {
    super(`${command.join(' ')} ended with ${result.code}\n${result.stdout}${result.stderr}`.trim());
    this.name = 'CommandFailed';
    this.result = result;
  }
}

/** Runs to the end and returns what was printed. Failure is a code, not an exception. */
export async function capture(command: Command, options: CommandOptions = {}): Promise<CommandResult> {
  const child = start(command, options, 'pipe');
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  return { code: await ended(child), stdout, stderr };
}

/** Like `capture`, for what has to succeed. @throws CommandFailed */
export async function captureOrThrow(command: Command, options: CommandOptions = {}): Promise<string> {
  const result = await capture(command, options);
  if (result.code !== 0) throw new CommandFailed(command, result);
  return result.stdout;
}

/** Where a command's own output goes: `stderr` for both of its streams keeps this process's stdout clean. */
export type Output = 'inherit' | 'stderr' | 'nowhere';

/** Runs with what it prints going straight through; returns the exit code. */
export async function passThrough(
  command: Command,
  options: CommandOptions & { readonly output?: Output } = {},
): Promise<number> {
  return ended(start(command, options, options.output ?? 'inherit'));
}

/** The pnpm that started this script, else the one that `npx` brings. */
export function pnpm(...args: string[]): Command {
  const starter = process.env['npm_execpath'] ?? '';
  if (!/[/\\]pnpm(?:\.[cm]?js|\.exe)?$/.test(starter)) return ['npx', '--yes', 'pnpm@12', ...args];
  return starter.endsWith('js') ? [process.execPath, starter, ...args] : [starter, ...args];
}

/** A program of the root's devDependencies, by the name of its bin. */
export function bin(name: string, ...args: string[]): Command {
  return [join(ROOT, 'node_modules', '.bin', name), ...args];
}

const STREAMS = {
  inherit: ['ignore', 'inherit', 'inherit'],
  stderr: ['ignore', process.stderr.fd, 'inherit'],
  nowhere: ['ignore', 'ignore', 'ignore'],
  pipe: ['ignore', 'pipe', 'pipe'],
} as const;

function start(command: Command, options: CommandOptions, output: Output | 'pipe'): ChildProcess {
  const [program, ...args] = command;
  return spawn(program, args, {
    cwd: options.cwd ?? ROOT,
    env: { ...environment(), ...options.env },
    stdio: [...STREAMS[output]],
  });
}

/** Ctrl-C reaches the child by itself, TERM does not; either way this process outlives it, to clean up after it. */
async function ended(child: ChildProcess): Promise<number> {
  const outlive = (signal: NodeJS.Signals): void => {
    if (signal === 'SIGTERM') child.kill(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, outlive);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return code ?? 1;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, outlive);
  }
}

/** What `npx` and pnpm tell their own children about the project they run in would mislead an npm started elsewhere. */
const LEAKED =
  /^(?:npm_(?:command|lifecycle_.*|package_.*|config_(?:.*prefix|globalconfig))|PNPM_.*|INIT_CWD)$/;

function environment(): Record<string, string | undefined> {
  const kept = Object.entries(process.env).filter(([name]) => !LEAKED.test(name));
  const plain = process.stdout.isTTY || process.env['FORCE_COLOR'] !== undefined ? {} : { NO_COLOR: '1' };
  return { ...Object.fromEntries(kept), ...plain, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' };
}
