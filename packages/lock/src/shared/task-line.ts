import type { LinkedSignal } from '@quorate/core';
import { type Linked, LinkedList } from '../linked-list.ts';

/** A task of this thread that is not first in its line. */
class LineTask implements Linked<LineTask> {
  previous: LineTask | undefined = undefined;
  next: LineTask | undefined = undefined;
  isLinked = false;
  readonly proceed: () => void;

  constructor(proceed: () => void) {
    this.proceed = proceed;
  }
}

/**
 * The tasks of one thread that wait for one lock, in order. Only the first waits in shared memory, so ten thousand of them
 * take one place there, and one that gives up leaves the line in constant time.
 */
export class TaskLine {
  readonly #line: LinkedList<LineTask> = new LinkedList();
  #isTaken = false;

  /** Runs `wait` when this task is first in line; the next is when `wait` has settled. */
  async first<Value>(limit: LinkedSignal | undefined, wait: () => Promise<Value>): Promise<Value> {
    if (this.#isTaken) await this.#stand(limit);
    this.#isTaken = true;
    try {
      return await wait();
    } finally {
      // The line stays taken while it goes from one to the next: whoever comes now stands behind.
      const next = this.#line.shift();
      if (next === undefined) this.#isTaken = false;
      else next.proceed();
    }
  }

  #stand(limit: LinkedSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        if (this.#line.remove(task)) reject(limit?.signal.reason as Error);
      };
      const task = new LineTask(() => {
        limit?.signal.removeEventListener('abort', onAbort);
        resolve();
      });
      this.#line.push(task);
      limit?.signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
