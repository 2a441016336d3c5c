import { once } from 'node:events';
import { type Transferable, Worker } from 'node:worker_threads';

/** A thread of the measured process in which a peer runs. */
export interface PeerThread<Answer> {
  /** What the peer said when it was ready. */
  readonly answer: Answer;
  readonly end: () => Promise<void>;
}

/** Starts a module of this folder in a thread, and waits for its first message. */
export async function startPeer<Answer>(
  file: string,
  workerData: unknown,
  transferList: Transferable[] = [],
): Promise<PeerThread<Answer>> {
  const worker = new Worker(new URL(file, import.meta.url), { workerData, transferList });
  // An error of the worker rejects this wait, and is thrown by the worker later on: then the bench fails.
  const [answer] = (await once(worker, 'message')) as [Answer];
  return {
    answer,
    async end() {
      await worker.terminate();
    },
  };
}
