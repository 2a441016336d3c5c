/** The news that some changes were missed: look at everything again. */
export interface Resync {
  readonly type: 'resync';
}

/** How many changes wait for one listener, at most. */
const waitingMax = 1024;

/** Changes for any number of listeners, each at its own pace. One that falls too far behind is told to look again. */
export class ChangeFeed<Change> {
  readonly #listeners: Set<Listener<Change>> = new Set();
  #isClosed = false;

  publish(change: Change): void {
    for (const listener of this.#listeners) listener.push(change);
  }

  /** Ends everybody's iteration once it has given what waits. */
  close(): void {
    this.#isClosed = true;
    for (const listener of this.#listeners) listener.end();
  }

  /** Changes from this call on, until the signal aborts or the feed is closed. */
  listen(signal: AbortSignal): AsyncIterable<Change | Resync> {
    const listener = new Listener<Change>();
    if (this.#isClosed || signal.aborted) listener.end();
    else {
      this.#listeners.add(listener);
      const onAbort = (): void => this.#remove(listener);
      signal.addEventListener('abort', onAbort, { once: true });
      listener.onEnd = () => signal.removeEventListener('abort', onAbort);
    }
    return this.#iterate(listener);
  }

  async *#iterate(listener: Listener<Change>): AsyncGenerator<Change | Resync> {
    try {
      for (let next = await listener.next(); next !== undefined; next = await listener.next()) yield next;
    } finally {
      this.#remove(listener);
    }
  }

  #remove(listener: Listener<Change>): void {
    this.#listeners.delete(listener);
    listener.end();
  }
}

class Listener<Change> {
  #waiting: (Change | Resync)[] = [];
  #isEnded = false;
  #wake: () => void = () => {};
  /** Lets go of what holds it. */
  onEnd: () => void = () => {};

  push(change: Change): void {
    if (this.#isEnded) return;
    if (this.#waiting.length >= waitingMax) this.#waiting = [{ type: 'resync' }];
    else this.#waiting.push(change);
    this.#wake();
  }

  end(): void {
    this.#isEnded = true;
    this.onEnd();
    this.#wake();
  }

  /** The next one; nothing at the end. */
  async next(): Promise<Change | Resync | undefined> {
    while (this.#waiting.length === 0 && !this.#isEnded) {
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
    return this.#waiting.shift();
  }
}
