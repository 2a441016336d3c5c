import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Setup } from '../../suite.ts';
import type { Commit } from '../store/engines.ts';
import type { Answer, Question } from './answer-parent.ts';

/** What a process of {@link processes} is told when it starts. */
export interface PairsTask {
  /** By files, or by LMDB with commits in one of its two places. */
  readonly kind: 'files' | Commit;
  /** The store's folder. */
  readonly path: string;
  /** Things that the process takes at once. */
  readonly things: number;
}

const outputCharactersMax = 2000;

/** A process that was started, and goes with this one: their channel closes. */
export interface Started {
  readonly child: ChildProcess;
  /** Each question has its own answer, also where they overlap. @throws Error when the process ends before it */
  answer(ask: object): Promise<unknown>;
  /** Has it end by itself, at this word. */
  end(ask: object): Promise<void>;
}

/** Starts a module of this folder, gives it its task, and waits until it has answered that. */
export async function startProcess(file: string, task: object): Promise<Started> {
  const url = new URL(file, import.meta.url);
  const child = fork(fileURLToPath(url), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const waiting = new Map<number, (value: unknown) => void>();
  let output = '';
  let asked = 0;
  let isWanted = true;
  child.stderr?.on('data', (text: Buffer) => {
    output = (output + text.toString()).slice(-outputCharactersMax);
  });
  child.on('message', ({ number, value }: Answer) => {
    waiting.get(number)?.(value);
    waiting.delete(number);
  });
  // What cannot be sent, or started, ends in what is said below.
  child.on('error', error => {
    output += `\n${error}`;
  });
  const failed = once(child, 'close').then(([code, signal]): never => {
    const how = signal === null ? `code ${code}` : `signal ${signal}`;
    throw new Error(`Process ${basename(url.pathname)} must go on: it ended with ${how}\n${output}`.trim());
  });
  // It ends in the end, when nobody waits for an answer any more; by itself it does not end without a word.
  failed.catch((error: Error) => {
    if (isWanted && !child.killed) process.stderr.write(`${error.message}\n`);
  });
  const send = (ask: object): number => {
    const number = ++asked;
    child.send({ number, ask } satisfies Question<object>, () => {});
    return number;
  };
  const started: Started = {
    child,
    async answer(ask) {
      const answered = new Promise(resolve => waiting.set(send(ask), resolve));
      return await Promise.race([answered, failed]);
    },
    async end(ask) {
      isWanted = false;
      send(ask);
      await failed.catch(() => {});
    },
  };
  await started.answer(task);
  return started;
}

/**
 * As many processes as the parameter `processes` says, each of which takes locks of its own, one pair after the other, while the
 * others do. What is timed is from the word to begin until the last has done its pairs.
 */
export function processes(kind: PairsTask['kind'], pairs: number): Setup {
  return async context => {
    const count = context.number('processes');
    const things = context.number('at once');
    const path = mkdtempSync(join(tmpdir(), 'quorate-bench-'));
    const task: PairsTask = { kind, path, things };
    const started = await Promise.all(
      Array.from({ length: count }, async () => startProcess('pairs-process.ts', task)),
    );
    const each = Math.ceil(pairs / things) * things;
    return {
      ops: count * each,
      async run() {
        const answers = await Promise.all(started.map(async process => process.answer({ pairs: each })));
        return answers.reduce<number>((sum, done) => sum + (done as number), 0);
      },
      async close() {
        await Promise.all(started.map(async each => each.end({ end: true })));
        rmSync(path, { recursive: true, force: true });
      },
    };
  };
}
