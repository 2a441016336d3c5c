import { errorCode, partitionOf, type Revision, type StoreChange, type StoreEvent } from '@quorate/core';
import type { Topic } from '../topic-table.ts';
import type { StoreHost, StoreView } from './store-host.ts';

/** How long a watch rests where it could not say what it waits for, or not read what there is, ms. */
const restMs = 200;

/** What a look at the database found. `changes` is undefined where some cannot be given. */
interface Found {
  readonly changes: readonly StoreChange[] | undefined;
  /** The number of the last change that it reaches up to. */
  readonly upTo: number;
  /** Whether the database still says that this host is to be woken. */
  readonly isRegistered: boolean;
}

/** Watches a prefix. The database is only looked at when somebody says that it has changed there, and once in a while. */
export async function* watchPrefix(
  host: StoreHost,
  prefix: string,
  from: Revision,
  signal: AbortSignal,
): AsyncGenerator<StoreEvent> {
  const topic: Topic = `W${prefix}`;
  using bell = new Bell(signal);
  const unsubscribe = host.topics.subscribe(topic, () => bell.ring());
  try {
    await registered(() => host.topics.registered(topic), host, topic, signal);
    let after: number | undefined;
    while (!signal.aborted) {
      const known = after;
      const found = readIfAny(host, view =>
        known === undefined ? lookFirst(view, prefix, from) : look(view, topic, known),
      );
      if (found === undefined) {
        await rest(signal);
        continue;
      }
      after = found.upTo;
      if (found.changes === undefined) yield { type: 'resync' };
      for (const change of found.changes ?? []) {
        if (signal.aborted) return;
        yield change;
      }
      if (!found.isRegistered) {
        await registered(() => host.topics.registerAgain(topic), host, topic, signal);
        continue;
      }
      await bell.rung();
    }
  } finally {
    unsubscribe();
  }
}

/** Waits until the host is woken of a topic, however often that takes. */
async function registered(
  first: () => Promise<void>,
  host: StoreHost,
  topic: Topic,
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = first; !signal.aborted; attempt = () => host.topics.registerAgain(topic)) {
    try {
      await abortable(attempt(), signal);
      return;
    } catch {
      await rest(signal);
    }
  }
}

async function rest(signal: AbortSignal): Promise<void> {
  await abortable(new Promise(resolve => setTimeout(resolve, restMs).unref()), signal);
}

/** Nothing where the database cannot be read now. */
function readIfAny(host: StoreHost, run: (view: StoreView) => Found): Found | undefined {
  try {
    return host.read(run);
  } catch (thrown) {
    if (errorCode(thrown) !== 'UNAVAILABLE') throw thrown;
    return undefined;
  }
}

/** What came after a revision. */
function lookFirst({ root, ring, head }: StoreView, prefix: string, from: Revision): Found {
  const changes = ring.changesSince(head(partitionOf(prefix)), prefix, ({ revision }) => revision <= from);
  return { changes, upTo: root.changeCount, isRegistered: true };
}

/** What came after a change that was seen. */
function look({ root, ring, topics, head }: StoreView, topic: Topic, after: number): Found {
  const upTo = root.changeCount;
  const record = topics.get(topic);
  const isRegistered = record !== undefined;
  if (record === undefined || record.dropped > after) {
    const prefix = topic.slice(1);
    const changes = ring.changesSince(head(partitionOf(prefix)), prefix, ({ number }) => number <= after);
    return { changes, upTo, isRegistered };
  }
  const changes: StoreChange[] = [];
  for (const number of record.numbers) {
    if (number <= after) continue;
    const change = ring.at(number);
    if (change === undefined) return { changes: undefined, upTo, isRegistered };
    changes.push(change);
  }
  return { changes, upTo, isRegistered };
}

/** Waits for a promise, or until the signal aborts. */
async function abortable(wait: Promise<unknown>, signal: AbortSignal): Promise<void> {
  using bell = new Bell(signal);
  await Promise.race([wait, bell.rung()]);
}

/** Wakes one who waits. Rung while nobody waits, it is heard by the next. */
class Bell implements Disposable {
  readonly #signal: AbortSignal;
  #isRung = false;
  #wake: (() => void) | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort);
  }

  ring(): void {
    this.#isRung = true;
    this.#wake?.();
  }

  async rung(): Promise<void> {
    if (!this.#isRung && !this.#signal.aborted) {
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    this.#isRung = false;
  }

  [Symbol.dispose](): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => this.ring();
}
