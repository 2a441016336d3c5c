import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { LmdbStoreOptions } from '../src/index.ts';
import type { ChildAnswer, ChildOrder } from './store-child.ts';

/** A child, ended with the test. */
export interface StoreChild extends AsyncDisposable {
  readonly process: ChildProcess;
  /** What it answered so far. */
  readonly answers: readonly ChildAnswer[];
  send(order: ChildOrder): void;
  /** The next answer of a kind, from now on or among those that nobody took. */
  answer<Kind extends ChildAnswer['is']>(is: Kind): Promise<Extract<ChildAnswer, { readonly is: Kind }>>;
  /** Ends it as `kill -9` does. Settles when it is gone. */
  kill(): Promise<void>;
}

/** Starts a process with a client of a store. Settles when the store is open there. */
export async function storeChild(options: LmdbStoreOptions): Promise<StoreChild> {
  const child = fork(new URL('./store-child.ts', import.meta.url), [JSON.stringify(options)]);
  const answers: ChildAnswer[] = [];
  const untaken: ChildAnswer[] = [];
  // All that it said is read before its channel is closed.
  const gone = Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
  child.on('message', (message: ChildAnswer) => {
    answers.push(message);
    untaken.push(message);
  });
  const answer = async (is: ChildAnswer['is']): Promise<ChildAnswer> => {
    for (;;) {
      const index = untaken.findIndex(each => each.is === is);
      if (index !== -1) return untaken.splice(index, 1)[0] as ChildAnswer;
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`The child ended before "${is}"`);
      await Promise.race([once(child, 'message'), gone]);
    }
  };
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await gone;
  };
  const self = { process: child, answers, send: (order: ChildOrder) => void child.send(order), answer, kill };
  await answer('open');
  return { ...(self as Omit<StoreChild, typeof Symbol.asyncDispose>), [Symbol.asyncDispose]: kill };
}
