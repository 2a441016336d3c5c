import { type Port, channel, listen } from '@quorate/threads';

/** The turns that this thread has asked itself for. */
class Turns {
  readonly #waiting: Set<() => void> = new Set();
  readonly #ask: Port<null>;
  readonly #here: Port<null>;

  constructor() {
    [this.#ask, this.#here] = channel<null>();
    listen(this.#here, () => this.#run());
  }

  add(callback: () => void): void {
    this.#here.ref?.();
    this.#waiting.add(() => callback()); // A function of its own, so that one callback can be added twice.
    this.#ask.postMessage(null);
  }

  #run(): void {
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#waiting.delete(next);
    if (this.#waiting.size === 0) this.#here.unref?.();
    next();
  }
}

let turns: Turns | undefined;

/**
 * Runs `callback` in a later turn of the event loop, in the order of the calls. The thread stays alive until then.
 *
 * Microtasks would not do: two peers that answer each other would keep everything else from running. A message from the thread
 * to itself takes a turn, in Node and in browsers alike.
 */
export function nextTurn(callback: () => void): void {
  turns ??= new Turns();
  turns.add(callback);
}
