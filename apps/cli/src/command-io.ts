import type { Readable, Writable } from 'node:stream';
import type { Clock } from '@quorate/core';
import type { Screen } from './output/paint.ts';

/** The world as a command sees it; handed in, so that a test can be the terminal. */
export interface CommandIo {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** Data, and nothing else. */
  readonly stdout: Writable & Screen;
  /** Warnings, failures, progress. */
  readonly stderr: Writable & Screen;
  readonly environment: NodeJS.ProcessEnv;
  readonly clock: Clock;
  /** Calls back each time the command is told to end, until it is disposed of. Without it only the work's own end ends a worker. */
  onEndSignal?(onSignal: () => void): Disposable;
}

/** Writes lines to stdout in one piece. */
export function printLines(io: CommandIo, lines: readonly string[]): void {
  io.stdout.write(`${lines.join('\n')}\n`);
}

/** Writes JSON to stdout, indented. */
export function printJson(io: CommandIo, value: unknown): void {
  io.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
