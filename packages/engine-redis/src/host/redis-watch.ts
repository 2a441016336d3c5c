import {
  type Clock,
  partitionOf,
  type Revision,
  type StoreChange,
  type StoreEvent,
  type Timer,
} from '@quorate/core';
import { readChange } from '../record.ts';
import type { RedisKeys } from '../redis-keys.ts';
import { watchLeaseMs } from '../scripts/parts.ts';
import { watchScript } from '../scripts/watch-scripts.ts';
import type { ScriptRunner } from './script-runner.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface RedisWatchOptions {
  readonly runner: ScriptRunner;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  readonly subscriptions: Subscriptions;
  /** How often it is looked whether something was missed after all. */
  readonly checkMs: number;
}

const restMs = 100;

/** How many changes wait for a reader that is slow, before it must list again. */
const eventsMax = 10_000;

/** Changes under a prefix after a revision, until the signal aborts. */
export async function* watchRedis(
  options: RedisWatchOptions,
  prefix: string,
  from: Revision,
  signal: AbortSignal,
): AsyncGenerator<StoreEvent> {
  if (signal.aborted) return;
  const watch = new RedisWatch(options, prefix, from);
  const onAbort = (): void => watch.end();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for (;;) {
      const event = await watch.next();
      if (event === undefined || signal.aborted) return;
      yield event;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    watch.end();
  }
}

/**
 * One watch. It subscribes first and looks at the partition's log then, so that nothing falls between; what comes on the channel
 * meanwhile waits. It looks again whenever it was subscribed anew, and now and then.
 */
class RedisWatch {
  readonly #options: RedisWatchOptions;
  readonly #prefix: string;
  readonly #key: string;
  /** Up to here everything has been told; of this revision itself what `#keys` says, for changes of one batch come one by one. */
  #revision: number;
  #keys: Set<string> | 'all' = 'all';
  #channel = '';
  #subscription: Disposable | undefined;
  #events: StoreEvent[] = [];
  /** What came on the channel since the look began that is under way; undefined where none is. */
  #meanwhile: StoreChange[] | undefined = [];
  #looks = 0;
  #timer: Timer | undefined;
  #wake: () => void = () => {};
  #isEnded = false;

  constructor(options: RedisWatchOptions, prefix: string, from: Revision) {
    this.#options = options;
    this.#prefix = prefix;
    this.#key = options.keys.partition(prefix);
    this.#revision = from;
    this.#listen(prefix);
  }

  async next(): Promise<StoreEvent | undefined> {
    while (!this.#isEnded) {
      const event = this.#events.shift();
      if (event !== undefined) return event;
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
    return undefined;
  }

  end(): void {
    this.#isEnded = true;
    this.#timer?.cancel();
    this.#subscription?.[Symbol.dispose]();
    this.#wake();
  }

  #listen(channel: string): void {
    this.#subscription?.[Symbol.dispose]();
    this.#channel = channel;
    this.#subscription = this.#options.subscriptions.listen(this.#options.keys.watch(channel), {
      onMessage: message => this.#onMessage(message),
      onReady: () => void this.#look(),
    });
  }

  #onMessage(message: Buffer): void {
    const change = readChange(message);
    if (!change.entry.key.startsWith(this.#prefix)) return;
    if (this.#meanwhile !== undefined) this.#meanwhile.push(change);
    else this.#tell([change]);
  }

  /** Asks what came after what is known. Only the answer to the last question counts. */
  async #look(): Promise<void> {
    const look = ++this.#looks;
    const { runner, checkMs } = this.#options;
    this.#timer?.cancel();
    this.#meanwhile = [];
    const partition = partitionOf(this.#prefix);
    const answer = await runner
      .run(
        watchScript,
        this.#key,
        this.#prefix,
        this.#keys === 'all' ? this.#revision : this.#revision - 1,
        Buffer.byteLength(this.#channel),
        Buffer.byteLength(partition),
        watchLeaseMs,
      )
      .then(
        reply => reply as readonly (number | Buffer)[],
        () => undefined,
      );
    if (this.#isEnded || look !== this.#looks) return;
    if (answer === undefined) {
      this.#again(restMs);
      return;
    }
    const [revision, first, ...rest] = answer;
    if (Buffer.isBuffer(revision)) {
      // Too many lengths of prefixes are watched here: this one hears of the whole partition.
      this.#listen(partition);
      return;
    }
    // Sooner than its wish to be told lapses.
    this.#again(Math.min(checkMs, watchLeaseMs / 4));
    const meanwhile = this.#meanwhile;
    this.#meanwhile = undefined;
    if (Buffer.isBuffer(first) && first.length === 1) this.#resync(revision as number);
    else if (first !== undefined) this.#tell([first, ...rest].map(change => readChange(change as Buffer)));
    if ((revision as number) >= this.#revision) this.#reached(revision as number);
    this.#tell(meanwhile);
  }

  #again(waitMs: number): void {
    this.#timer = this.#options.clock.setTimer(waitMs, () => void this.#look());
    this.#timer.unref();
  }

  #reached(revision: number): void {
    this.#revision = revision;
    this.#keys = 'all';
  }

  #resync(revision: number): void {
    this.#reached(revision);
    // What was to be told before is part of what is listed now.
    this.#events = [{ type: 'resync' }];
    this.#wake();
  }

  #tell(changes: readonly StoreChange[]): void {
    for (const change of changes) {
      if (change.revision < this.#revision) continue;
      if (change.revision > this.#revision) {
        this.#revision = change.revision;
        this.#keys = new Set();
      }
      if (this.#keys === 'all' || this.#keys.has(change.entry.key)) continue;
      this.#keys.add(change.entry.key);
      this.#events.push(change);
    }
    if (this.#events.length > eventsMax) this.#resync(this.#revision);
    this.#wake();
  }
}
