import type { Clock, Timer } from '@quorate/core';
import { partitionOf } from '@quorate/core';
import { nameOf } from '../../queue/stored-name.ts';
import type { Notifications } from '../notifications.ts';

/** For how long the server is asked to tell, and how often it is asked again. */
const toldMs = 25_000;
const renewMs = 10_000;

/** How long a channel is listened to after the last watch: who waits for messages waits again and again. */
const lingerMs = 30_000;

export interface QueueWatchesOptions {
  readonly clock: Clock;
  readonly notifications: Notifications;
  readonly channelOf: (partition: string) => string;
  /** Asks the server to tell of a partition's queues and records for so long. */
  readonly ask: (partition: string, queuesMs: number, stateMs: number) => Promise<unknown>;
}

type Kind = 'q' | 's';

interface Watch {
  readonly kind: Kind;
  readonly name: string;
  readonly call: (name: string) => void;
}

/** What is watched of one partition, and what listens for it. */
interface Watched {
  readonly watches: Set<Watch>;
  readonly remove: () => void;
  readonly timer: { current: Timer | undefined };
  /** Until when the server tells of queues and of records. */
  readonly untilMs: Record<Kind, number>;
}

/**
 * Hints of what has become ready and of records that changed. Each may be lost: where a pooler shares out transactions none comes
 * but those of this process's own calls, and whoever waits finds what there is by looking.
 */
export class QueueWatches {
  readonly #options: QueueWatchesOptions;
  readonly #partitions = new Map<string, Watched>();
  #isClosed = false;

  constructor(options: QueueWatchesOptions) {
    this.#options = options;
  }

  watchQueue(queue: string, onReady: () => void): Disposable {
    return this.#add({ kind: 'q', name: queue, call: onReady });
  }

  watchState(prefix: string, onChange: (key: string) => void): Disposable {
    return this.#add({ kind: 's', name: prefix, call: onChange });
  }

  /** This process itself has put something into queues. */
  tellQueues(queues: Iterable<string>): void {
    if (this.#partitions.size === 0) return;
    for (const queue of new Set(queues)) this.#tell('q', queue);
  }

  close(): void {
    this.#isClosed = true;
    for (const { remove, timer } of this.#partitions.values()) {
      timer.current?.cancel();
      remove();
    }
    this.#partitions.clear();
  }

  #add(watch: Watch): Disposable {
    const partition = partitionOf(watch.name);
    const watched = this.#partitions.get(partition) ?? this.#begin(partition);
    watched.watches.add(watch);
    this.#ask(partition, watched, toldMs - renewMs);
    return { [Symbol.dispose]: () => void watched.watches.delete(watch) };
  }

  #begin(partition: string): Watched {
    const channel = this.#options.channelOf(partition);
    const remove = this.#options.notifications.add(channel, payload => this.#hear(partition, payload));
    const watched: Watched = {
      watches: new Set(),
      remove,
      timer: { current: undefined },
      untilMs: { q: Number.NEGATIVE_INFINITY, s: Number.NEGATIVE_INFINITY },
    };
    this.#partitions.set(partition, watched);
    this.#lookLater(partition, watched, this.#options.clock.monotonicMs() + lingerMs);
    return watched;
  }

  #lookLater(partition: string, watched: Watched, endMs: number): void {
    const { clock } = this.#options;
    watched.timer.current = clock.setTimer(renewMs, () => {
      if (this.#isClosed) return;
      const now = clock.monotonicMs();
      if (watched.watches.size === 0 && now >= endMs) {
        this.#partitions.delete(partition);
        watched.remove();
        return;
      }
      this.#ask(partition, watched, toldMs);
      this.#lookLater(partition, watched, watched.watches.size === 0 ? endMs : now + lingerMs);
    });
    watched.timer.current.unref();
  }

  /** Asks the server to tell of what is watched, where it would stop within so long. */
  #ask(partition: string, { watches, untilMs }: Watched, withinMs: number): void {
    const now = this.#options.clock.monotonicMs();
    const kinds = new Set([...watches].map(({ kind }) => kind));
    const due = (kind: Kind): boolean => kinds.has(kind) && untilMs[kind] - now <= withinMs;
    const asked = { q: due('q'), s: due('s') };
    if (!asked.q && !asked.s) return;
    for (const kind of ['q', 's'] as const) if (asked[kind]) untilMs[kind] = now + toldMs;
    this.#options.ask(partition, asked.q ? toldMs : 0, asked.s ? toldMs : 0).then(
      // What came before the server knew of it was not told.
      () => this.#hear(partition, undefined),
      // Asked again with the next watch, or by the time.
      () => (untilMs.q = untilMs.s = Number.NEGATIVE_INFINITY),
    );
  }

  /** Nothing where hints may have been missed. */
  #hear(partition: string, payload: string | undefined): void {
    if (payload !== undefined) {
      this.#tell(payload[0] as Kind, nameOf(payload.slice(1)));
      return;
    }
    for (const watch of this.#partitions.get(partition)?.watches ?? [])
      if (watch.kind === 'q') watch.call('');
  }

  #tell(kind: Kind, name: string): void {
    for (const watch of this.#partitions.get(partitionOf(name))?.watches ?? []) {
      if (watch.kind !== kind) continue;
      if (kind === 'q' ? watch.name === name : name.startsWith(watch.name)) watch.call(name);
    }
  }
}
