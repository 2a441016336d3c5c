import { type Clock, type QueueStore, type Random, systemClock, systemRandom } from '@quorate/core';
import type { LeaseKeeperOptions } from './keeper/lease-keeper.ts';
import { usedKeeper } from './keeper/used-keeper.ts';
import { checkCodec, type Codec, jsonCodec } from './messages/codec.ts';
import type { Processes } from './neighbours/processes.ts';
import type { LeaseKeeper } from './working/lease-keeper.ts';

/** Options of `createQueues`. */
export interface QueuesOptions {
  /** Where the messages live. It stays its owner's: dispose of the queues first. */
  readonly store: QueueStore;
  /** Default: the platform's. */
  readonly clock?: Clock;
  readonly random?: Random;
  /** How bodies become bytes. Default JSON. */
  readonly codec?: Codec;
  /** Keeps leases alive while handlers block the event loop: one of `leaseKeeper`, or how to make one, which then ends with the queues. */
  readonly keeper?: LeaseKeeper | LeaseKeeperOptions;
  /**
   * By which it is known that a process of this machine has ended, so that its messages come back at once and not when their leases end.
   * Default: the system's, where several processes use the store and no other clock is given.
   */
  readonly processes?: Processes | false;
}

/** What everything that one `createQueues` makes stands on. */
export interface QueuesContext {
  readonly store: QueueStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly codec: Codec;
  readonly keeper: LeaseKeeper | undefined;
  readonly processes: Processes | false;
  /** The keeper that was made for these queues. */
  readonly ownKeeper: AsyncDisposable | undefined;
  /** The default deduplication window of ids. */
  readonly rememberMs: number;
}

/** @throws TypeError, RangeError */
export function contextOf(options: QueuesOptions): QueuesContext {
  const { store, clock = systemClock, random = systemRandom, codec = jsonCodec, processes = false } = options;
  if (typeof store?.settle !== 'function')
    throw new TypeError(`Store must be a QueueStore: received ${typeof store}`);
  checkCodec(codec);
  const { keeper, own: ownKeeper } = usedKeeper(options.keeper);
  return {
    store,
    clock,
    random,
    codec,
    ownKeeper,
    processes,
    keeper,
    rememberMs: store.capabilities.crossProcess ? 60_000 : 0,
  };
}
