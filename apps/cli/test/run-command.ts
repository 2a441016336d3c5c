import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { ManualClock } from '@quorate/core';
import { runQuorate } from '../src/index.ts';

export const mainFile: string = join(import.meta.dirname, '../src/main.ts');

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real command in a process of its own; `input` is its stdin, a pipe. */
export function runProcess(args: readonly string[], input: string | Uint8Array = ''): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const environment = { ...process.env, NO_COLOR: undefined };
    const child = spawn(process.execPath, [mainFile, ...args], { env: environment });
    const [stdout, stderr]: Buffer[][] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => stdout?.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr?.push(chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const text = (chunks: Buffer[] = []): string => Buffer.concat(chunks).toString();
      resolve({ code, signal, stdout: text(stdout), stderr: text(stderr) });
    });
    // A command that fails early closes its end while we still write.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/** Runs the command in this process, its streams being terminals or not. */
export async function runHere(
  args: readonly string[],
  options: {
    readonly input?: string | readonly string[];
    readonly stdinTTY?: boolean;
    readonly terminal?: boolean;
    readonly environment?: NodeJS.ProcessEnv;
    readonly clock?: ManualClock;
    /** Called for each chunk of stdin as it is taken. */
    readonly onChunk?: () => void;
  } = {},
): Promise<Finished> {
  const { input = '', terminal = false, environment = {}, clock = new ManualClock() } = options;
  const chunks = typeof input === 'string' ? [input] : input;
  const stdin = Readable.from(
    chunks.map(chunk => Buffer.from(chunk)),
    { objectMode: true },
  ).on('data', () => options.onChunk?.());
  stdin.pause();
  const [stdout, stderr] = [new Sink(), new Sink()];
  const code = await runQuorate(args, {
    stdin: Object.assign(stdin, { isTTY: options.stdinTTY === true }),
    stdout: Object.assign(stdout, { isTTY: terminal, columns: 100 }),
    stderr: Object.assign(stderr, { isTTY: terminal, columns: 100 }),
    environment,
    clock,
  });
  return { code, signal: null, stdout: stdout.text, stderr: stderr.text };
}

class Sink extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** A folder that is gone when it is disposed, with files written into it. */
export class Folder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), 'quorate-cli-'));

  write(name: string, content: unknown): string {
    const file = join(this.path, name);
    const raw = typeof content === 'string' || content instanceof Uint8Array;
    writeFileSync(file, raw ? content : JSON.stringify(content));
    return file;
  }

  file(name: string): string {
    return join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** `user:0` … one per line. */
export function keyLines(count: number, prefix = 'user:'): string {
  return Array.from({ length: count }, (_, at) => `${prefix}${at}\n`).join('');
}
