import { type Clock, driveStore, type Store } from '@quorate/core';
import { MemoryDriver } from './memory-driver.ts';
import { Memory, type MemoryOptions } from './memory.ts';

/** What one client of a memory brings. */
export interface MemoryClientOptions {
  /** What its deadlines and sessions go by. Default: the memory's. */
  readonly clock?: Clock;
}

/** A client of a memory, which others can join. */
export interface MemoryStore extends Store {
  readonly memory: Memory;
  /** Opens one more client of the same memory, with sessions of its own. */
  open(options?: MemoryClientOptions): MemoryStore;
}

/**
 * A Store in this process: what it holds is lost with it. It is as fast as a Store can be, keeps every promise of the seam, and
 * so stands in for any other engine in tests.
 *
 * Disposing of a client ends its watches and sessions. What is stored stays as long as anybody holds the memory; while no
 * client of it is open no session ends.
 */
export function createMemoryStore(options: MemoryOptions = {}): MemoryStore {
  return new MemoryClients(new Memory(options)).open({});
}

/** Counts the clients, so that the last one leaves no timer behind. */
class MemoryClients {
  readonly #memory: Memory;
  #openCount = 0;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  open({ clock = this.#memory.clock }: MemoryClientOptions): MemoryStore {
    if (this.#openCount++ === 0) this.#memory.sessions.resume();
    const driver = new MemoryDriver(this.#memory, () => {
      if (--this.#openCount === 0) this.#memory.sessions.pause();
    });
    return Object.assign(driveStore(driver, { clock }), {
      memory: this.#memory,
      open: (options: MemoryClientOptions = {}) => this.open(options),
    });
  }
}
