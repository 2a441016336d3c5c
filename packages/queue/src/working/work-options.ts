import {
  checkKey,
  type Clock,
  pageMax,
  partitionOf,
  type QueueStore,
  type Random,
  systemClock,
  systemRandom,
} from '@quorate/core';
import { deadLettersOf } from '../dead-letters/dead-letter-name.ts';
import type { Processes } from '../neighbours/processes.ts';
import { checkLaneWeights, type LaneOptions } from './lane-choice.ts';
import type { DeliveryHandler } from './ending.ts';
import type { Deference } from './deference.ts';
import type { LeaseKeeper } from './lease-keeper.ts';
import type { Limiter } from './limiter.ts';
import { newOwner, type Owner } from './owner.ts';
import { type CheckedRetryPolicy, checkRetryPolicy, type RetryPolicy } from './retry-policy.ts';
import type { WorkEvent } from './work.ts';

/** How the messages of a queue are worked on, whatever they hold. */
export interface WorkSettings {
  /** Handlers at a time. Default 1. */
  readonly concurrency?: number;
  /**
   * Messages leased beside those that are being handled. A handler that is free starts on what a lease brings without a call more; one
   * that starts on what was fetched beside needs a call then, which is also one. Default 0; where something limits the starts,
   * `concurrency`.
   */
  readonly prefetch?: number;
  /**
   * For how long a message is not given to another when nothing is heard of this process. Extended at a third of it while the process
   * lives. Default 30,000; at least 10 times the store's `leaseGranularityMs`.
   */
  readonly leaseMs?: number;
  /** Who leases, for inspection: each work puts a random part behind it. Default `worker`. */
  readonly owner?: string;
  /** In which shares the lanes come first. */
  readonly lanes?: LaneOptions;
  /** What becomes of a message whose handler throws. */
  readonly retry?: RetryPolicy;
  /**
   * After so many deliveries, started or not, a message is a dead letter: the cap for what kills its process early. Those after which
   * it was given back unhandled do not count. Default 100.
   */
  readonly deliveriesMax?: number;
  /** Where dead letters go, in the same partition. Default `<queue>/~dead`. */
  readonly deadLetters?: string;
  /**
   * By which it is known that a process of this machine has ended, so that its messages come back at once; false: they come back when
   * their leases end. Default: that of the queues.
   */
  readonly processes?: Processes | false;
  /** How long `[Symbol.asyncDispose]` waits for handlers that were told to end. Default 5,000. */
  readonly graceMs?: number;
}

/** Options of `startWork`. */
export interface WorkOptions extends WorkSettings {
  /** It stays its owner's: end the work first. */
  readonly store: QueueStore;
  /** Default: the platform's. */
  readonly clock?: Clock;
  readonly random?: Random;
  readonly queue: string;
  readonly handler: DeliveryHandler;
  /** Asked before each start. */
  readonly limiter?: Limiter;
  /** Extends leases in place of this thread's event loop. */
  readonly keeper?: LeaseKeeper;
  /** Says when others are to look for messages before this work does. */
  readonly deference?: Deference;
  /** Told of everything, within the turn; it must not throw. */
  readonly onEvent?: (event: WorkEvent) => void;
}

export interface CheckedWork
  extends Required<
    Omit<
      WorkOptions,
      'owner' | 'limiter' | 'keeper' | 'deference' | 'onEvent' | 'retry' | 'lanes' | 'processes'
    >
  > {
  readonly owner: Owner;
  readonly retry: CheckedRetryPolicy;
  readonly lanes: Required<LaneOptions>;
  readonly limiter: Limiter | undefined;
  readonly keeper: LeaseKeeper | undefined;
  readonly deference: Deference | undefined;
  readonly processes: Processes | undefined;
  readonly onEvent: ((event: WorkEvent) => void) | undefined;
}

/** @throws TypeError, RangeError */
export function checkWork(options: WorkOptions): CheckedWork {
  const { store, queue, handler, random = systemRandom, concurrency = 1, deliveriesMax = 100 } = options;
  checkKey('Queue', queue);
  if (typeof handler?.handle !== 'function')
    throw new TypeError(`Handler must have a method "handle": received ${typeof handler}`);
  checkCount('Concurrency', concurrency, 1);
  const prefetchMax = options.limiter === undefined ? 0 : Math.min(concurrency, pageMax);
  const { prefetch = prefetchMax, leaseMs = 30_000, graceMs = 5000 } = options;
  checkCount('Prefetch', prefetch, 0);
  const leaseMinMs = 10 * store.capabilities.leaseGranularityMs;
  if (!(leaseMs >= leaseMinMs && leaseMs < 2 ** 31))
    throw new RangeError(`Lease in ms must be from ${leaseMinMs} to ${2 ** 31 - 1}: received ${leaseMs}`);
  if (!(graceMs >= 0 && graceMs < 2 ** 31))
    throw new RangeError(`Grace in ms must be from 0 to ${2 ** 31 - 1}: received ${graceMs}`);
  const { deadLetters = deadLettersOf(queue) } = options;
  if (partitionOf(deadLetters) !== partitionOf(queue))
    throw new RangeError(`Dead letters must lie in the partition of "${queue}": received "${deadLetters}"`);
  if (deliveriesMax !== Number.POSITIVE_INFINITY) checkCount('Deliveries', deliveriesMax, 1);
  return {
    store,
    queue,
    handler,
    random,
    concurrency,
    prefetch,
    leaseMs,
    graceMs,
    deliveriesMax,
    clock: options.clock ?? systemClock,
    owner: newOwner(random, options.owner),
    lanes: checkLaneWeights(options.lanes),
    retry: checkRetryPolicy(options.retry),
    deadLetters,
    limiter: options.limiter,
    keeper: options.keeper,
    deference: options.deference,
    processes: (store.capabilities.abandon && options.processes) || undefined,
    onEvent: options.onEvent,
  };
}

/** @throws RangeError */
function checkCount(what: string, count: number, min: number): void {
  if (Number.isInteger(count) && count >= min) return;
  throw new RangeError(`${what} must be an integer of at least ${min}: received ${count}`);
}
