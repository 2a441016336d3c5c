import { FaultyQueueStore, type QueueFaults } from '@quorate/conformance';
import {
  type Clock,
  type MessageId,
  ManualClock,
  type QueueStore,
  type Random,
  seededRandom,
} from '@quorate/core';
import { createMemoryQueueStore, type MemoryQueueStore } from '@quorate/engine-memory';
import {
  createQueues,
  type Queues,
  type QueuesOptions,
  startWork,
  type Delivery,
  type Ending,
  type Work,
  type WorkEvent,
  type WorkOptions,
} from '../src/index.ts';

/** One turn of the event loop: everything that waits for nothing but promises has run then. */
export function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}

export const acknowledge: Ending = { type: 'acknowledge' };

/** Queues in memory, with time that moves when it is told to. */
export class QueueStand {
  readonly clock: ManualClock = new ManualClock({ wallMs: 1_790_000_000_000 });
  readonly random: Random;
  readonly store: MemoryQueueStore;
  readonly events: WorkEvent[] = [];
  readonly #works: Work[] = [];
  readonly #queues: Queues[] = [];

  constructor(seed = 1) {
    this.random = seededRandom(seed);
    this.store = createMemoryQueueStore({ clock: this.clock, random: this.random.fork('store') });
  }

  /** Works on queue `q`, with one handler. */
  work(handle: (delivery: Delivery) => Promise<Ending>, options: Partial<WorkOptions> = {}): Work {
    const work = startWork({
      store: this.store,
      clock: this.clock as Clock,
      random: this.random.fork(`work ${this.#works.length}`),
      queue: 'q',
      leaseMs: 1000,
      handler: { handle },
      onEvent: event => this.events.push(event),
      ...options,
    });
    this.#works.push(work);
    return work;
  }

  /** Queues with a client of their own, as in a process of its own. */
  queues(faults: QueueFaults = {}, options: Partial<QueuesOptions> = {}): Queues {
    const store = new FaultyQueueStore(this.store.open(), faults, this.clock);
    const random = this.random.fork(`queues ${this.#queues.length}`);
    const queues = createQueues({ store, clock: this.clock, random, ...options });
    this.#queues.push(queues);
    return queues;
  }

  async put(bodies: readonly string[], more: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const puts = bodies.map(text => ({
      queue: 'q',
      message: { id: text as MessageId, body: new TextEncoder().encode(text), ...more },
    }));
    await this.store.put(puts);
  }

  told<Type extends WorkEvent['type']>(type: Type): readonly Extract<WorkEvent, { readonly type: Type }>[] {
    return this.events.filter(event => event.type === type) as never;
  }

  /** Lets so much time pass, and everything happen that happens in it. */
  async pass(durationMs: number, stepMs = 50): Promise<void> {
    for (let leftMs = durationMs; leftMs > 0; leftMs -= stepMs) {
      await turn();
      this.clock.advance(Math.min(stepMs, leftMs));
    }
    await turn();
  }

  /** Lets time pass until a promise has settled. */
  async until<Value>(promise: Promise<Value>, limitMs = 120_000, stepMs = 50): Promise<Value> {
    const state = { isSettled: false };
    const settle = (): void => {
      state.isSettled = true;
    };
    promise.then(settle, settle);
    for (let passedMs = 0; passedMs < limitMs; passedMs += stepMs) {
      await turn();
      if (state.isSettled) return promise;
      this.clock.advance(stepMs);
    }
    throw new Error(`Not settled within ${limitMs} ms`);
  }

  async count(queue = 'q', store: QueueStore = this.store): Promise<number> {
    const depth = await store.inspect.depth(queue);
    return depth.readyCount + depth.delayedCount + depth.leasedCount + depth.heldCount;
  }

  /** Ends all works and the store; nothing is left of them. */
  async close(): Promise<void> {
    const all = [...this.#works, ...this.#queues];
    await this.until(Promise.all(all.map(each => each[Symbol.asyncDispose]())));
    await this.store[Symbol.asyncDispose]();
  }
}

/** The text of a message's body. */
export function textOf({ message }: Pick<Delivery, 'message'>): string {
  return new TextDecoder().decode(message.body);
}
