import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { QueueAnswer, QueueOrder } from './queue-child.ts';

/** How many messages a child has out at once, and for how long. */
export const outMax = 5;
const leaseMs = 2_000;

/** A child, ended with the test. */
export interface QueueChild extends AsyncDisposable {
  readonly process: ChildProcess;
  /** What it answered so far. */
  readonly answers: readonly QueueAnswer[];
  send(order: QueueOrder): void;
  /** Settles when it has given so many answers. */
  reaches(count: number): Promise<void>;
  /** Ends it as `kill -9` does. Settles when it is gone and all that it said was read. */
  kill(): Promise<void>;
}

/** Starts a process with a client of a queue store. Settles when the store is open there. */
export async function queueChild(url: string, queue: string, owner: string): Promise<QueueChild> {
  const child = fork(new URL('./queue-child.ts', import.meta.url), [
    url,
    queue,
    owner,
    `${outMax}`,
    `${leaseMs}`,
  ]);
  const answers: QueueAnswer[] = [];
  const gone = Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
  child.on('message', (message: QueueAnswer) => answers.push(message));
  const reaches = async (count: number): Promise<void> => {
    while (answers.length < count) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`The child ended after ${answers.length} of ${count} answers`);
      await Promise.race([once(child, 'message'), gone]);
    }
  };
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await gone;
  };
  await reaches(1);
  const send = (order: QueueOrder): void => void child.send(order);
  return { process: child, answers, send, reaches, kill, [Symbol.asyncDispose]: kill };
}
