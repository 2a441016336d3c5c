import {
  type NodeId,
  partitionOf,
  type StoreChange,
  StorePartition,
  type Revision,
  type SessionId,
  sessionId,
  type StoreCapabilities,
} from '@quorate/core';
import type { Device } from '../device.ts';
import { drawBetween } from '../device-wait.ts';

/** What the simulated service is like. Read anew whenever it counts, but for the capabilities. */
export interface SimStoreServiceOptions {
  /** Default 100. */
  readonly ttlMinMs?: number;
  /** Default 1 MiB. */
  readonly valueMaxBytes?: number;
  /** How long after its time to live a session may still stand. It never ends before. Default 0. */
  readonly expiryLateMaxUs?: number;
  /** How long the entries of a dead session may still stand, in each partition for itself. Default 0. */
  readonly sweepLateMaxUs?: number;
  /** How many changes of a partition watchers can catch up on before they must list again. Default 1,000. */
  readonly changesMax?: number;
  /** How long a watch waits at the service before it is answered that nothing changed. Default 1,000,000. */
  readonly watchUs?: number;
}

/** What a watch is answered. `changes` is undefined where some are forgotten. */
export interface WatchAnswer {
  readonly changes: readonly StoreChange[] | undefined;
  /** What the answer reaches up to. */
  readonly upTo: Revision;
}

interface LiveSession {
  readonly ttlUs: number;
  dueUs: number;
}

interface Watcher {
  readonly prefix: string;
  readonly from: number;
  readonly reply: (answer: WatchAnswer) => void;
}

/**
 * The service behind every simulated store of a run: one copy of the truth that changes one request at a time, and never fails
 * itself. What can fail is the way to it, which is the clients' part.
 *
 * Sessions end by true simulated time and by nothing else: a client's clock may drift, jump or stand still.
 */
export class SimStoreService {
  readonly capabilities: StoreCapabilities;
  /** Whether a node and the service can hear each other now. Whoever makes partitions sets this. */
  reachable: (node: NodeId) => boolean = () => true;
  readonly device: Device;
  readonly #options: SimStoreServiceOptions;
  readonly #partitions = new Map<string, StorePartition>();
  readonly #sessions = new Map<SessionId, LiveSession>();
  readonly #watchers = new Map<StorePartition, Set<Watcher>>();
  #sessionCount = 0;

  /** @param device of a host that never crashes */
  constructor(device: Device, options: SimStoreServiceOptions = {}) {
    this.device = device;
    this.#options = options;
    this.capabilities = {
      durability: 'quorum',
      linearizable: true,
      fenceSurvivesLoss: true,
      expiry: 'server',
      watch: 'push',
      ttlMinMs: options.ttlMinMs ?? 100,
      valueMaxBytes: options.valueMaxBytes ?? 1_048_576,
      verbs: { enqueue: true, add: true, batch: true },
    };
  }

  /** How long it may hold a watch before it answers. */
  get watchUs(): number {
    return this.#options.watchUs ?? 1_000_000;
  }

  /** Reads the partition of a key or prefix, which begins empty. */
  read<Result>(key: string, run: (partition: StorePartition) => Result): Result {
    return run(this.#partition(key));
  }

  /**
   * Changes the partition of a key or prefix as one step, and tells whoever watches it.
   *
   * @param call what is asked for, as the trace shows it
   * @throws QuorateError `SESSION_LOST`, `OPERATION_SUPERSEDED`
   */
  change<Result>(key: string, call: string, run: (partition: StorePartition) => Result): Result {
    const partition = this.#partition(key);
    const before = partition.revision;
    const result = run(partition);
    this.device.trace({ type: 'store', action: call, text: `${before} to ${partition.revision}` });
    this.#tellWatchers(partition);
    return result;
  }

  /** Opens a session that lives for `ttlMs` from now. Ids are never used twice. */
  openSession(ttlMs: number): SessionId {
    const id = sessionId(`s${++this.#sessionCount}`);
    const ttlUs = Math.ceil(ttlMs * 1000);
    const session: LiveSession = { ttlUs, dueUs: this.device.nowUs + ttlUs };
    this.#sessions.set(id, session);
    this.device.trace({ type: 'store', action: `open ${id}` });
    this.#expire(id, session);
    return id;
  }

  /** Lets a session live for its whole time again. False where it is dead. */
  renewSession(id: SessionId): boolean {
    const session = this.#sessions.get(id);
    if (session === undefined) return false;
    session.dueUs = this.device.nowUs + session.ttlUs;
    return true;
  }

  /** Whether a session lives. */
  isAlive(id: SessionId): boolean {
    return this.#sessions.has(id);
  }

  /** Ends a session, if it lives, and deletes its entries. */
  endSession(id: SessionId): void {
    if (!this.#sessions.delete(id)) return;
    this.device.trace({ type: 'store', action: `end ${id}` });
    for (const partition of this.#partitions.values()) {
      const lateUs = drawBetween(this.device, 'store.sweep', 0, this.#options.sweepLateMaxUs ?? 0);
      const sweep = (): void => {
        partition.endSession(id);
        this.#tellWatchers(partition);
      };
      if (lateUs === 0) sweep();
      else this.device.after(lateUs, sweep);
    }
  }

  /** Answers with the changes after `from` as soon as there are some, and in any case after a while. */
  watch(prefix: string, from: Revision, reply: (answer: WatchAnswer) => void): void {
    const partition = this.#partition(prefix);
    const watcher: Watcher = { prefix, from, reply };
    if (answerIfAny(partition, watcher)) return;
    const watchers = this.#watchers.get(partition) ?? new Set();
    this.#watchers.set(partition, watchers.add(watcher));
    this.device.after(this.watchUs, () => {
      if (watchers.delete(watcher)) reply({ changes: [], upTo: partition.revision });
    });
  }

  #tellWatchers(partition: StorePartition): void {
    const watchers = this.#watchers.get(partition);
    if (watchers === undefined) return;
    for (const watcher of watchers) if (answerIfAny(partition, watcher)) watchers.delete(watcher);
  }

  /** Waits until the session's time is over, looking again where it was renewed meanwhile. */
  #expire(id: SessionId, session: LiveSession): void {
    const lateUs = drawBetween(this.device, 'store.expiry', 0, this.#options.expiryLateMaxUs ?? 0);
    this.device.after(session.dueUs - this.device.nowUs + lateUs, () => {
      if (this.#sessions.get(id) !== session) return;
      if (session.dueUs > this.device.nowUs) this.#expire(id, session);
      else this.endSession(id);
    });
  }

  #partition(key: string): StorePartition {
    const name = partitionOf(key);
    let partition = this.#partitions.get(name);
    if (partition === undefined) {
      partition = new StorePartition({
        changesMax: this.#options.changesMax ?? 1000,
        isAlive: session => this.#sessions.has(session),
      });
      this.#partitions.set(name, partition);
    }
    return partition;
  }
}

function answerIfAny(partition: StorePartition, { prefix, from, reply }: Watcher): boolean {
  const changes = partition.changesAfter(prefix, from);
  if (changes?.length === 0) return false;
  reply({ changes, upTo: partition.revision });
  return true;
}
