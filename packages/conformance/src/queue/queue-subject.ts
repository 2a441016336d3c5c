import type { Clock, QueueStore, Random } from '@quorate/core';

/** How one client of a queue store under test is opened. */
export interface QueueClientOptions {
  /** What the client's deadlines and waits go by, instead of the subject's own clock. */
  readonly clock?: Clock;
}

/**
 * A queue store under test: everything that cases know of an engine.
 *
 * One subject may serve all cases, also several at once: each works in partitions of its own, with names that were never used.
 */
export interface QueueSubject {
  /** Of the engine and how it is set up, for messages. */
  readonly name: string;
  /** Opens one more client of the same queues, as another process would. Who opened it disposes of it. */
  open(options?: QueueClientOptions): Promise<QueueStore>;
  /** What cases wait by. Under the simulator its own. */
  readonly clock: Clock;
  /** Where names and random histories come from. */
  readonly random: Random;
  /** A lease that is to end in a case, and a delay that is to pass: as short as the machine's hiccups allow. */
  readonly leaseMs: number;
  /** How long anything may take that is promised to happen. Default 10,000; long where many cases run at once. */
  readonly patienceMs?: number;
  /** How often random histories are tried. Default 5. */
  readonly histories?: number;
  /** The one random history to try, as a failure names it. Default: others each time, as `random` has it. */
  readonly historySeed?: number;

  /** From now on nothing gets through between this client and the queues, and neither is told. Needs `heal`. */
  cut?(store: QueueStore): Promise<void> | void;
  /** Lets everything through again. */
  heal?(store: QueueStore): Promise<void> | void;
  /** Ends the connections of this client, as a reset does. It may connect again at once. */
  sever?(store: QueueStore): Promise<void> | void;
  /** Ends the engine's server as `kill -9` does, and starts it again with what was durable. Clients connect again by themselves. */
  restart?(): Promise<void>;
  /** Ends the engine's server and starts it again with nothing. */
  lose?(): Promise<void>;
}

/** What a subject may be able to do beside opening clients. */
export type QueueFault = 'cut' | 'sever' | 'restart' | 'lose';
