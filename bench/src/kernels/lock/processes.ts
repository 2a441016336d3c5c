import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Setup } from '../../suite.ts';

/** What a process of {@link processes} is told when it starts. */
export interface PairsTask {
  readonly kind: 'lmdb' | 'files';
  /** The store's folder. */
  readonly path: string;
  /** Things that the process takes at once. */
  readonly things: number;
}

/** Starts a module of this folder in a process that goes with this one: their channel closes. */
export async function startProcess(file: string, task: object) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  child.send(task);
  const [answer] = await Promise.race([once(child, 'message'), failed(once(child, 'exit'))]);
  return { child, answer: answer as unknown };
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
        const answers = started.map(async ({ child }) => {
          const answer = Promise.race([once(child, 'message'), failed(once(child, 'exit'))]);
          child.send({ pairs: each });
          return ((await answer) as [number])[0];
        });
        return (await Promise.all(answers)).reduce((sum, done) => sum + done, 0);
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

async function failed(exit: Promise<unknown[]>): Promise<never> {
  const [code, signal] = await exit;
  throw new Error(`Process must go on: it ended with ${String(code ?? signal)}`);
}
