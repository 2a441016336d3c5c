import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Setup } from '../../suite.ts';
import type { Commit } from '../store/engines.ts';

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

/** Starts a module of this folder in a process that goes with this one: their channel closes. */
export async function startProcess(file: string, task: object) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let output = '';
  child.stderr?.on('data', (text: Buffer) => {
    output = (output + text.toString()).slice(-outputCharactersMax);
  });
  const failed = once(child, 'close').then(([code, signal]): never => {
    throw new Error(`Process must go on: it ended with ${String(code ?? signal)}\n${output}`.trim());
  });
  // It ends in the end, when nobody waits for an answer any more; by itself it does not end without a word.
  failed.catch((error: Error) => {
    if (!child.killed && child.exitCode !== 0) process.stderr.write(`${error.message}\n`);
  });
  const answer = async (request: object): Promise<unknown> => {
    child.send(request);
    const [message] = await Promise.race([once(child, 'message'), failed]);
    return message;
  };
  await answer(task);
  return { child, answer };
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
        const answers = await Promise.all(started.map(async ({ answer }) => answer({ pairs: each })));
        return answers.reduce<number>((sum, done) => sum + (done as number), 0);
      },
      async close() {
        await Promise.all(
          started.map(async ({ child }) => {
            const gone = once(child, 'exit');
            child.send({ end: true });
            await gone;
          }),
        );
        rmSync(path, { recursive: true, force: true });
      },
    };
  };
}
