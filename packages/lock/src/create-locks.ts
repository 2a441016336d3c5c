import { QuorateError } from '@quorate/core';
import { acquireAll, type AllLocks } from './all-locks.ts';
import { DeadlockWatch } from './deadlock-watch.ts';
import { type Election, StoreElection } from './election.ts';
import { HeldClaim, HeldLock, HeldReadLock } from './held-lock.ts';
import type { AcquireOptions, Hold, Lockable, Mutex, ReadWriteLock, Semaphore } from './lock.ts';
import { LockDelay } from './lock-delay.ts';
import type { HoldCore } from './hold-core.ts';
import { type LockKind, lockPartition } from './lock-name.ts';
import { type CheckedOptions, checkOptions, checkTtl, type LocksOptions } from './lock-options.ts';
import type { LockTask } from './lock-task.ts';
import { Observations } from './observations.ts';
import { checkPurpose } from './purpose.ts';
import { SessionPool } from './session-pool.ts';
import { Station } from './station.ts';
import type { StationContext, StationKind } from './station-kind.ts';
import { StationTable } from './station-table.ts';
import { type StationFor, StoreLockable } from './store-lockable.ts';
import { TaskFront } from './task-front.ts';
import { aloneRule, permitRule, readRule } from './ticket-rule.ts';
import { plainTickets } from './ticket-value.ts';
import { WaitRecords } from './wait-records.ts';

/** What one lock is like, beside its name. All who use a name must agree. */
export interface LockSettings {
  /** How long after the death of a holder the next must wait, for resources that check no fences. Default 0. */
  readonly lockDelayMs?: number;
}

/** All the locks of one process on one store. */
export interface Locks extends AsyncDisposable {
  /** @throws TypeError, RangeError on a bad name; so do all */
  mutex(name: string, settings?: LockSettings): Mutex;
  /** The delay counts for those who write. */
  rw(name: string, settings?: LockSettings): ReadWriteLock;
  /** @param permits from 1 to 500 */
  semaphore(name: string, permits: number): Semaphore;
  election(name: string): Election;
  /** Several at once, all or none, in one order for everybody: mutexes by their names, or whatever else of these locks. */
  all(wanted: readonly (string | Lockable<Hold>)[]): AllLocks;
  /** Somebody on whose behalf locks are held. See {@link LockTask}. */
  task(label?: string): LockTask;
  /**
   * Fails who waits with `CLOSED`, waits for what is under way to be withdrawn, and ends the sessions: what is still held is lost.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The most permits of a semaphore: whoever is first in line looks at all holders. */
export const permitsMax = 500;

/**
 * Makes locks of a Store.
 *
 * Opens nothing yet: the first acquisition opens the session, which is kept alive by one heartbeat however many locks stand on it.
 *
 * @throws TypeError, RangeError on bad options
 * @throws QuorateError `UNSUPPORTED` where the store is not fit for the purpose
 */
export function createLocks(options: LocksOptions): Locks {
  return new StoreLocks(checkOptions(options));
}

class StoreLocks implements Locks {
  readonly #options: CheckedOptions;
  readonly #client: string;
  readonly #context: StationContext;
  readonly #pool: SessionPool;
  readonly #front: TaskFront;
  readonly #stations: StationTable;
  readonly #candidates = new Set<Station>();
  /** How much of what is under way must end before the sessions do. */
  #backgroundCount = 0;
  #onQuiet: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: CheckedOptions) {
    const { store, clock, random, ttlMs, handOff, prefix, deadlockCheckMs, tasks, reentrant } = options;
    this.#options = options;
    this.#client = [...random.bytes(12)].map(byte => byte.toString(16).padStart(2, '0')).join('');
    const observations = new Observations(store, clock);
    const tickets = {
      store,
      clock,
      random,
      observations,
      client: this.#client,
      plain: plainTickets(this.#client),
    };
    this.#pool = new SessionPool(store, clock, ttlMs);
    const records = new WaitRecords(tickets, this.#pool, ttlMs, `${prefix}.waits`);
    const inBackground = this.#inBackground.bind(this);
    const watch = new DeadlockWatch(clock, records, deadlockCheckMs, inBackground);
    this.#front = new TaskFront(this.#client, tasks, reentrant);
    let arrivals = 0;
    this.#context = {
      nextArrival: () => ++arrivals,
      tickets,
      pool: this.#pool,
      handOff,
      isClosed: () => this.#closed !== undefined,
      inBackground,
      onWait: waiter => watch.onWait(waiter),
    };
    this.#stations = new StationTable(this.#context);
  }

  mutex(name: string, settings: LockSettings = {}): Mutex {
    const kind = { ...alone, text: `mutex "${name}"`, delay: this.#delay(settings) };
    return this.#make(name, 'mutex', kind, core => new HeldLock(core), undefined, delayText(settings));
  }

  rw(name: string, settings: LockSettings = {}): ReadWriteLock {
    const variant = delayText(settings);
    const reading = { ...shared, text: `read lock "${name}"` };
    const writing = { ...alone, text: `write lock "${name}"`, delay: this.#delay(settings) };
    const read = this.#make(name, 'rw', reading, core => new HeldReadLock(core), writing, variant);
    const write = this.#make(name, 'rw', writing, core => new HeldLock(core), reading, variant);
    return { name, read, write };
  }

  semaphore(name: string, permits: number): Semaphore {
    if (!(Number.isInteger(permits) && permits >= 1 && permits <= permitsMax))
      throw new RangeError(`Permits must be an integer from 1 to ${permitsMax}: received ${permits}`);
    const kind = {
      text: `semaphore "${name}"`,
      rule: permitRule(permits),
      ticketsMax: permits,
      pendingMax: permits,
      isShared: false,
    };
    const lockable = this.#make(
      name,
      'semaphore',
      kind,
      core => new HeldClaim(core),
      undefined,
      `${permits}`,
    );
    return Object.assign(lockable, { permits });
  }

  election(name: string): Election {
    const partition = lockPartition(this.#options.prefix, 'election', name);
    const { tickets } = this.#context;
    return new StoreElection(name, partition, tickets, this.#options.ttlMs, this.#front, (value, options) =>
      this.#candidate(name, partition, value, options),
    );
  }

  all(wanted: readonly (string | Lockable<Hold>)[]): AllLocks {
    return acquireAll(
      wanted.map(each => (typeof each === 'string' ? this.mutex(each) : each)),
      this.#options.clock,
      this.#front,
    );
  }

  task(label?: string): LockTask {
    return this.#front.make(label);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    // So that `isClosed` holds before anybody is told.
    await Promise.resolve();
    this.#stations.close();
    for (const station of this.#candidates) station.close();
    if (this.#backgroundCount > 0) {
      await new Promise<void>(resolve => {
        this.#onQuiet = resolve;
      });
    }
    await this.#pool.close();
  }

  #make<Held extends HeldClaim>(
    name: string,
    lockKind: LockKind,
    kind: KindOf,
    claim: (core: HoldCore) => Held,
    partner?: KindOf,
    variant = '',
  ): StoreLockable<Held> {
    const partition = lockPartition(this.#options.prefix, lockKind, name);
    const station: StationFor = ({ ttlMs = this.#options.ttlMs, purpose }) => {
      this.#check(ttlMs, purpose);
      return this.#stations.find(
        name,
        { ...kind, partition },
        ttlMs,
        variant,
        partner && { ...partner, partition },
      );
    };
    return new StoreLockable(name, partition, this.#front, station, claim);
  }

  /** A candidate stands in line with an entry of its own, that shows its value. */
  #candidate(name: string, partition: string, value: Uint8Array, options: AcquireOptions): Station {
    const { ttlMs = this.#options.ttlMs, purpose } = options;
    this.#check(ttlMs, purpose);
    const kind = { ...alone, text: `election "${name}"`, partition, value };
    const station = new Station(this.#context, name, kind, ttlMs, idle => this.#candidates.delete(idle));
    this.#candidates.add(station);
    return station;
  }

  #check(ttlMs: number, purpose = this.#options.purpose): void {
    if (this.#closed !== undefined) {
      throw new QuorateError('CLOSED', 'The lock manager was closed', { outcome: 'not-applied' });
    }
    checkPurpose(purpose, this.#options.store.capabilities);
    if (ttlMs !== this.#options.ttlMs) checkTtl(ttlMs, this.#options.store);
  }

  #delay({ lockDelayMs = 0 }: LockSettings): LockDelay | undefined {
    if (!(lockDelayMs >= 0 && lockDelayMs < 2 ** 31))
      throw new RangeError(`Lock delay in ms must be from 0 to ${2 ** 31 - 1}: received ${lockDelayMs}`);
    const { store, clock } = this.#options;
    return lockDelayMs === 0 ? undefined : new LockDelay(store, clock, lockDelayMs);
  }

  #inBackground(work: Promise<unknown>): void {
    this.#backgroundCount++;
    work.then(this.#onSettled, this.#onSettled);
  }

  readonly #onSettled = (): void => {
    if (--this.#backgroundCount === 0) this.#onQuiet?.();
  };
}

type KindOf = Omit<StationKind, 'partition'>;

const alone = { rule: aloneRule, ticketsMax: 1, pendingMax: 1, isShared: false } as const;
const shared = {
  rule: readRule,
  ticketsMax: Number.POSITIVE_INFINITY,
  pendingMax: 1,
  isShared: true,
} as const;

/** Those who disagree about the delay of a lock are apart within the process, too. */
function delayText({ lockDelayMs = 0 }: LockSettings): string {
  return `${lockDelayMs}`;
}
