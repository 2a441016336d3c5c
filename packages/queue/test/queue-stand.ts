import { FaultyQueueStore, type QueueFaults } from '@quorate/conformance';
import type { Clock, MessageId, QueueStore } from '@quorate/core';
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
import { Stand, turn } from './stand.ts';

export { turn };

export const acknowledge: Ending = { type: 'acknowledge' };

/** Queues in memory, with time that moves when it is told to. */
export class QueueStand extends Stand {
  readonly events: WorkEvent[] = [];
  #workCount = 0;
  #queuesCount = 0;

  /** Works on queue `q`, with one handler. */
  work(handle: (delivery: Delivery) => Promise<Ending>, options: Partial<WorkOptions> = {}): Work {
    const work = startWork({
      store: this.store,
      clock: this.clock as Clock,
      random: this.random.fork(`work ${this.#workCount++}`),
      queue: 'q',
      leaseMs: 1000,
      handler: { handle },
      onEvent: event => this.events.push(event),
      ...options,
    });
    return this.endsWith(work);
  }

  /** Queues with a client of their own, as in a process of its own. */
  queues(faults: QueueFaults = {}, options: Partial<QueuesOptions> = {}): Queues {
    const store = new FaultyQueueStore(this.store.open(), faults, this.clock);
    const random = this.random.fork(`queues ${this.#queuesCount++}`);
    return this.endsWith(createQueues({ store, clock: this.clock, random, ...options }));
  }

  async put(bodies: readonly string[], more: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const puts = bodies.map(text => ({
      queue: 'q',
      message: { id: text as MessageId, body: new TextEncoder().encode(text), ...more },
    }));
    await this.store.put(puts);
  }

  /** Ends the leases of all who hold messages of queue `q`, as if they had died. Says how many. */
  async abandonAll(): Promise<number> {
    const { items } = await this.store.inspect.messages('q');
    const owners = new Set(items.flatMap(({ owner }) => owner ?? []));
    let count = 0;
    for (const owner of owners) count += await this.store.abandon('q', owner);
    return count;
  }

  told<Type extends WorkEvent['type']>(type: Type): readonly Extract<WorkEvent, { readonly type: Type }>[] {
    return this.events.filter(event => event.type === type) as never;
  }

  async count(queue = 'q', store: QueueStore = this.store): Promise<number> {
    const depth = await store.inspect.depth(queue);
    return depth.readyCount + depth.delayedCount + depth.leasedCount + depth.heldCount;
  }
}

/** The text of a message's body. */
export function textOf({ message }: Pick<Delivery, 'message'>): string {
  return new TextDecoder().decode(message.body);
}
