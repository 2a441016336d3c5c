import type { Clock, Timer } from '@quorate/core';
import type { RedisKeys } from '../redis-keys.ts';
import { wishScript } from '../scripts/queue-state-scripts.ts';
import { queueBase } from '../queue/queue-base.ts';
import type { ScriptRunner } from './script-runner.ts';
import type { ChannelListener, Subscriptions } from './subscriptions.ts';

export interface QueueWatchesOptions {
  readonly runner: ScriptRunner;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  readonly subscriptions: Subscriptions;
}

interface Watched {
  readonly listeners: Set<() => void>;
  /** Whether somebody found nothing since the last hint, so that the next message is told of. */
  isWished: boolean;
  timer: Timer | undefined;
}

/** Whoever only watches, and does not lease when it is told, has the next hint no sooner than this. */
const restMs = 100;

/** How long state records are told of after the last wish, and how often it is renewed. */
const stateWishMs = 60_000;
const renewMs = 20_000;

/**
 * Hints of what is ready and of state records that changed. A queue's next message is told of once, to all who watch: a lease that
 * finds nothing wishes so in the same step. It subscribes first, so that nothing falls between; a hint may be lost all the same, with
 * the connection or the server's data.
 */
export class QueueWatches implements Disposable {
  readonly #options: QueueWatchesOptions;
  readonly #queues = new Map<string, Watched>();
  readonly #timers = new Set<Timer>();

  constructor(options: QueueWatchesOptions) {
    this.#options = options;
  }

  watchQueue(queue: string, onReady: () => void): Disposable {
    const watched = this.#queues.get(queue) ?? { listeners: new Set(), isWished: false, timer: undefined };
    this.#queues.set(queue, watched);
    const tell = (): void => onReady();
    watched.listeners.add(tell);
    let isBeginning = true;
    const hear = (): void => {
      watched.isWished = false;
      // A channel that was listened on all along says so at once: whoever begins to watch looks for itself.
      if (!isBeginning) tell();
      this.#wishSoon(queue, watched);
    };
    const base = queueBase(this.#options.keys, queue);
    const listening = this.#listen(`${base}:r:${queue}`, { onMessage: hear, onReady: hear });
    queueMicrotask(() => (isBeginning = false));
    return {
      [Symbol.dispose]: () => {
        listening[Symbol.dispose]();
        watched.listeners.delete(tell);
        if (watched.listeners.size > 0 || this.#queues.get(queue) !== watched) return;
        this.#cancel(watched.timer);
        this.#queues.delete(queue);
      },
    };
  }

  /** Whether a lease that finds nothing is to wish for a hint. */
  wishes(queue: string): boolean {
    const watched = this.#queues.get(queue);
    if (watched !== undefined) watched.isWished = true;
    return watched !== undefined;
  }

  watchState(prefix: string, onChange: (key: string) => void): Disposable {
    const base = queueBase(this.#options.keys, prefix);
    let timer: Timer | undefined;
    const renew = (): void => {
      this.#cancel(timer);
      this.#wish(base, '\0', stateWishMs);
      timer = this.#later(renewMs, renew);
    };
    const listening = this.#listen(`${base}s`, {
      onMessage: message => {
        const key = message.toString();
        if (key.startsWith(prefix)) onChange(key);
      },
      onReady: renew,
    });
    return {
      [Symbol.dispose]: () => {
        listening[Symbol.dispose]();
        this.#cancel(timer);
      },
    };
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #listen(channel: string, listener: ChannelListener): Disposable {
    return this.#options.subscriptions.listen(channel, listener);
  }

  #wishSoon(queue: string, watched: Watched): void {
    if (watched.timer !== undefined) return;
    watched.timer = this.#later(restMs, () => {
      watched.timer = undefined;
      if (!watched.isWished) this.#wish(queueBase(this.#options.keys, queue), queue);
    });
  }

  /** Where it fails, whoever waits looks by itself. */
  #wish(base: string, ...words: readonly (string | number)[]): void {
    this.#options.runner.run(wishScript, base, ...words).catch(() => {});
  }

  #later(waitMs: number, call: () => void): Timer {
    const timer = this.#options.clock.setTimer(waitMs, () => {
      this.#timers.delete(timer);
      call();
    });
    timer.unref();
    this.#timers.add(timer);
    return timer;
  }

  #cancel(timer: Timer | undefined): void {
    if (timer === undefined) return;
    timer.cancel();
    this.#timers.delete(timer);
  }
}
