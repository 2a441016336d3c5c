import {
  type Clock,
  partitionOf,
  type Random,
  type Revision,
  type SessionId,
  type StoreCapabilities,
  type StoreChange,
  type StoreEvent,
  StorePartition,
  systemClock,
  systemRandom,
} from '@quorate/core';
import { MemoryCell } from './memory-cell.ts';
import { hexOf, MemorySessions } from './memory-sessions.ts';
import { MemoryWatch } from './memory-watch.ts';

/** How a memory is set up. */
export interface MemoryOptions {
  /** What sessions end by, and what its clients go by where they bring no clock of their own. Default: the system's. */
  readonly clock?: Clock;
  /** Where the ids of sessions come from. Default: the system's. */
  readonly random?: Random;
  /** The shortest time to live of a session. Default 10. */
  readonly ttlMinMs?: number;
  /** Default 1 MiB. */
  readonly valueMaxBytes?: number;
  /** How many changes of each partition watchers can catch up on before they must list again. Default 256. */
  readonly changesMax?: number;
  /** How many partitions without entries are kept, those that were emptied last, for what their watchers may ask. Default 1,000. */
  readonly idleMax?: number;
}

/** What came after a revision. */
export interface NextChanges {
  readonly changes: readonly StoreChange[] | undefined;
  readonly upTo: Revision;
}

/**
 * The truth of a memory store: its partitions and sessions. Every call is one step within one thread.
 *
 * Partitions that hold nothing are forgotten, so that names may come and go for ever. The largest revision that was ever forgotten
 * is where new partitions begin to count: revisions never go back.
 */
export class Memory {
  readonly capabilities: StoreCapabilities;
  readonly clock: Clock;
  /** Names this memory among all that ever were: revisions of another mean nothing here. */
  readonly incarnation: string;
  readonly sessions: MemorySessions;
  readonly #changesMax: number;
  readonly #idleMax: number;
  readonly #cells = new Map<string, MemoryCell>();
  /** Those of the cells that could be forgotten, longest idle first. */
  readonly #idle = new Set<MemoryCell>();
  /** Which cells a session has entries or operations in, or had. */
  readonly #cellsOf = new Map<SessionId, Set<MemoryCell>>();
  readonly #sessionsOf = new Map<MemoryCell, Set<SessionId>>();
  #forgotten = 0 as Revision;

  constructor(options: MemoryOptions = {}) {
    const { clock = systemClock, random = systemRandom } = options;
    this.clock = clock;
    this.incarnation = hexOf(random.bytes(16));
    this.sessions = new MemorySessions(clock, random, session => this.#sweep(session));
    this.#changesMax = options.changesMax ?? 256;
    this.#idleMax = options.idleMax ?? 1000;
    this.capabilities = {
      durability: 'memory',
      linearizable: true,
      fenceSurvivesLoss: false,
      expiry: 'server',
      watch: 'push',
      ttlMinMs: options.ttlMinMs ?? 10,
      valueMaxBytes: options.valueMaxBytes ?? 1_048_576,
      verbs: { enqueue: true, add: true, batch: true },
    };
  }

  /** How many partitions it holds, those without entries included. */
  get partitionCount(): number {
    return this.#cells.size;
  }

  /** How many times a session is remembered by a partition that it has, or had, something in. */
  get linkCount(): number {
    let count = 0;
    for (const sessions of this.#sessionsOf.values()) count += sessions.size;
    return count;
  }

  /** Reads the partition of a key or prefix. */
  read<Result>(key: string, step: (partition: StorePartition) => Result): Result {
    const cell = this.#cells.get(partitionOf(key));
    return step(cell?.partition ?? new StorePartition({ revision: this.#forgotten }));
  }

  /**
   * Changes the partition of a key or prefix as one step, and tells whoever watches it.
   *
   * @param sessions those that the call names, or nothing
   * @throws QuorateError `SESSION_LOST`, `OPERATION_SUPERSEDED`
   */
  change<Result>(
    key: string,
    sessions: readonly (SessionId | undefined)[],
    step: (partition: StorePartition) => Result,
  ): Result {
    const cell = this.#cell(key);
    for (const session of sessions) if (session !== undefined) this.#link(cell, session);
    try {
      return cell.change(step);
    } finally {
      this.#noteIdle(cell);
    }
  }

  /**
   * The changes under a prefix after a revision, as soon as there are some; none once the signal aborts. `changes` is undefined
   * where some are forgotten. Everything up to `upTo` is in them or concerned others.
   */
  async nextChanges(prefix: string, from: Revision, signal: AbortSignal): Promise<NextChanges> {
    const cell = this.#cell(prefix);
    const { partition } = cell;
    const changes = partition.changesAfter(prefix, from);
    if (changes?.length !== 0) {
      this.#noteIdle(cell);
      return { changes, upTo: partition.revision };
    }
    return new Promise(resolve => {
      const end = (found: readonly StoreChange[] | undefined): void => {
        cell.watches.delete(watching);
        signal.removeEventListener('abort', giveUp);
        this.#noteIdle(cell);
        resolve({ changes: found, upTo: partition.revision });
      };
      const giveUp = (): void => end([]);
      const tell = (revision: number): void => end(partition.changesAfter(prefix, revision - 1));
      const watching = { prefix, tell };
      cell.watches.add(watching);
      this.#noteIdle(cell);
      if (signal.aborted) giveUp();
      else signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** Changes under a prefix after a revision, until the signal aborts. */
  async *watch(prefix: string, from: Revision, signal: AbortSignal): AsyncGenerator<StoreEvent> {
    const cell = this.#cell(prefix);
    const watch = new MemoryWatch(cell, prefix, from);
    cell.watches.add(watch);
    this.#noteIdle(cell);
    try {
      yield* watch.events(signal);
    } finally {
      cell.watches.delete(watch);
      this.#noteIdle(cell);
    }
  }

  #cell(key: string): MemoryCell {
    const name = partitionOf(key);
    let cell = this.#cells.get(name);
    if (cell === undefined) {
      const isAlive = (session: SessionId): boolean => this.sessions.isAlive(session);
      cell = new MemoryCell(name, { changesMax: this.#changesMax, revision: this.#forgotten, isAlive });
      this.#cells.set(name, cell);
    }
    return cell;
  }

  #link(cell: MemoryCell, session: SessionId): void {
    if (!this.sessions.isAlive(session)) return;
    const cells = this.#cellsOf.get(session) ?? new Set();
    if (cells.has(cell)) return;
    this.#cellsOf.set(session, cells.add(cell));
    this.#sessionsOf.set(cell, (this.#sessionsOf.get(cell) ?? new Set()).add(session));
  }

  #sweep(session: SessionId): void {
    const cells = this.#cellsOf.get(session) ?? [];
    this.#cellsOf.delete(session);
    for (const cell of cells) {
      this.#sessionsOf.get(cell)?.delete(session);
      cell.endSession(session);
      this.#noteIdle(cell);
    }
  }

  #noteIdle(cell: MemoryCell): void {
    this.#idle.delete(cell);
    // One that was forgotten meanwhile is nobody's any more: another may stand under its name.
    if (!cell.isIdle || this.#cells.get(cell.name) !== cell) return;
    this.#idle.add(cell);
    if (this.#idle.size <= this.#idleMax) return;
    const [longest] = this.#idle;
    this.#forget(longest as MemoryCell);
  }

  #forget(cell: MemoryCell): void {
    this.#idle.delete(cell);
    this.#cells.delete(cell.name);
    for (const session of this.#sessionsOf.get(cell) ?? []) this.#cellsOf.get(session)?.delete(cell);
    this.#sessionsOf.delete(cell);
    this.#forgotten = Math.max(this.#forgotten, cell.partition.revision) as Revision;
  }
}
