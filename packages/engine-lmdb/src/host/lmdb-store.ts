import { type Clock, driveStore, type Store, systemClock } from '@quorate/core';
import { LmdbDriver } from './lmdb-driver.ts';
import { machineTime } from './machine-time.ts';
import { type HostLease, leaseHost } from './shared-host.ts';
import { type StoreFolder, storeFolder } from './store-folder.ts';

/** How a store on LMDB is opened. */
export interface LmdbStoreOptions {
  /** Its folder, which is made where it is missing. On a file system of this machine, not of the network. */
  readonly path: string;
  /**
   * What an acknowledged write survives: `fsync`, a loss of power; `os`, the end of every process, and a boot after an orderly end.
   * The first who opens a store decides for it. A store of `fsync` stays one for whoever is content with less. Default `fsync`.
   */
  readonly durability?: 'fsync' | 'os';
  /** What this client's deadlines and heartbeats go by. Sessions end by the machine's boot time. Default: the system's. */
  readonly clock?: Clock;
  /** What all entries may take together: their keys, values and 128 bytes for each. Default 1 GiB. */
  readonly maxBytes?: number;
  /**
   * Where commits are done. `thread`: in a thread of their own, so that this one never waits for the write lock. `inline`: in this
   * thread, several times as fast for few calls at a time, as long as the lock is seen to be free; only at durability `os`, and only
   * on the main thread of a Linux process, elsewhere it is `thread`. A process that is stopped within the very microseconds between
   * looking and locking then stops this one's event loop with it. Default `thread`.
   */
  readonly commit?: 'thread' | 'inline';
  /** How long opening may wait for LMDB's write lock, ms. Default 10,000. */
  readonly openMs?: number;
}

/** What entries, and what queues, may take by default. */
export const defaultMaxBytes: number = 1024 ** 3;
/** How long opening may wait by default. */
export const defaultOpenMs = 10_000;

/** The shortest time to live: a heartbeat is a write, three to each time to live, and a busy disk takes some time for one. */
const ttlMinMs = { fsync: 100, os: 50 } as const;

const valueMaxBytes = 1024 ** 2;

/**
 * Opens a store that the processes and threads of one machine share, in a folder on its disk.
 *
 * All clients of one thread share one LMDB environment and one writer's thread. A deleted folder must not be in use.
 *
 * @throws TypeError, RangeError
 * @throws QuorateError `UNAVAILABLE`, `STORE_DURABILITY`, `STORE_VERSION`, `STORE_CORRUPT`, `STORAGE_FULL`, `UNSUPPORTED`
 */
export async function createLmdbStore(options: LmdbStoreOptions): Promise<Store> {
  const { path, durability = 'fsync', clock = systemClock } = options;
  const { commit = 'thread', maxBytes = defaultMaxBytes, openMs = defaultOpenMs } = options;
  const isInline = checkCommit(commit) === 'inline';
  const { folder, lease } = await openHost({ path, durability, maxBytes, openMs, isInline, isLogged: false });
  const driver = new LmdbDriver(lease, {
    durability: folder.durability,
    linearizable: true,
    fenceSurvivesLoss: true,
    expiry: 'kernel',
    watch: 'push',
    ttlMinMs: ttlMinMs[folder.durability],
    valueMaxBytes,
    verbs: { enqueue: true, add: true, batch: true },
  });
  return driveStore(driver, { clock });
}

/** What a folder is opened with, for a store or for queues. */
export interface HostOptions {
  readonly path: string;
  readonly durability: 'fsync' | 'os';
  readonly maxBytes: number;
  readonly openMs: number;
  readonly isInline: boolean;
  /** Whether a log makes the database durable. */
  readonly isLogged: boolean;
}

/** Opens this thread's host of a folder, or joins it. @throws TypeError, RangeError, QuorateError */
export async function openHost(
  options: HostOptions,
): Promise<{ readonly folder: StoreFolder; readonly lease: HostLease }> {
  const { path, durability, maxBytes, openMs, isInline, isLogged } = options;
  if (typeof path !== 'string' || path === '')
    throw new TypeError(`Path of a store must be a folder's: received ${JSON.stringify(path)}`);
  if (durability !== 'fsync' && durability !== 'os')
    throw new TypeError(
      `Durability of an LMDB store must be "fsync" or "os": received ${String(durability)}`,
    );
  checkPositive('Bytes of a store', maxBytes);
  checkPositive('Time to open a store in ms', openMs);
  const folder = storeFolder(path, durability, machineTime().bootId, isLogged);
  // Waiting for a disk is nothing that an event loop should do. A log is synced beside it.
  const waits = folder.durability === 'fsync' && folder.log === undefined;
  const own = { folder, maxBytes, openMs, isInline: isInline && !waits };
  return { folder, lease: await leaseHost(own) };
}

/** @throws TypeError */
export function checkCommit(commit: 'thread' | 'inline'): 'thread' | 'inline' {
  if (commit === 'thread' || commit === 'inline') return commit;
  throw new TypeError(`Commit of an LMDB store must be "thread" or "inline": received ${String(commit)}`);
}

/** @throws RangeError */
export function checkPositive(what: string, value: number): void {
  if (Number.isFinite(value) && value > 0) return;
  throw new RangeError(`${what} must be a finite number above 0: received ${String(value)}`);
}
