import type { Clock, Random, Store } from '@quorate/core';

/** How one client of a store under test is opened. */
export interface StoreClientOptions {
  /**
   * What the client's deadlines and sessions go by, instead of the subject's own clock. Cases hand in clocks that stop or jump, as
   * those of a process do that is stopped or on a machine that was suspended.
   */
  readonly clock?: Clock;
}

/**
 * A store under test: everything that cases know of an engine.
 *
 * One subject may serve all cases, also several at once: each works in partitions of its own, with names that were never used.
 * Only cases that are `exclusive` do something to all clients.
 */
export interface StoreSubject {
  /** Of the engine and how it is set up, for messages. */
  readonly name: string;
  /** Opens one more client of the same store, as another process would. Who opened it disposes of it. */
  open(options?: StoreClientOptions): Promise<Store>;
  /** What cases wait by. Under the simulator its own. */
  readonly clock: Clock;
  /** Where the names of partitions and random histories come from. */
  readonly random: Random;
  /** The time to live of sessions that are to die in a case: as short as the machine's hiccups allow, at least `ttlMinMs`. */
  readonly ttlMs: number;
  /** How long anything may take that is promised to happen. Default 10,000; long where many cases run at once. */
  readonly patienceMs?: number;
  /** How often random histories are tried. Default 5. */
  readonly histories?: number;

  /** From now on nothing gets through between this client and the store, and neither is told. Needs `heal`. */
  cut?(store: Store): Promise<void> | void;
  /** Lets everything through again. */
  heal?(store: Store): Promise<void> | void;
  /** Ends the connections of this client, as a reset does. It may connect again at once. */
  sever?(store: Store): Promise<void> | void;
  /** Ends the store's server as `kill -9` does, and starts it again with what was durable. Clients connect again by themselves. */
  restart?(): Promise<void>;
  /** Ends the store's server and starts it again with nothing. */
  lose?(): Promise<void>;
}

/** What a subject may be able to do beside opening clients. */
export type StoreFault = 'cut' | 'sever' | 'restart' | 'lose';
