import { join } from 'node:path';
import { type Clock, driveQueue, type QueueStore, systemClock } from '@quorate/core';
import { LmdbQueueDriver } from './lmdb-queue-driver.ts';
import { checkCommit, checkPositive, defaultMaxBytes, defaultOpenMs, openHost } from './lmdb-store.ts';

/** How queues on LMDB are opened. */
export interface LmdbQueueStoreOptions {
  /** Their folder, which is made where it is missing; it may be that of a store. On a file system of this machine, not of the network. */
  readonly path: string;
  /**
   * What is resolved survives: `fsync`, a loss of power; `os`, the end of every process. The first who opens a folder decides for it.
   * A folder of `fsync` stays one for whoever is content with less. Default `fsync`.
   */
  readonly durability?: 'fsync' | 'os';
  /** What this client's deadlines and waits go by. Leases end by the machine's boot time. Default: the system's. */
  readonly clock?: Clock;
  /** What all messages, records and remembered ids may take together, by estimate, when this client puts. Default 1 GiB. */
  readonly maxBytes?: number;
  /**
   * Where commits are done. `thread`: in a thread of their own, so that this one never waits for the write lock. `inline`: small ones
   * in this thread, which saves the way to the other and back, as long as the lock is seen to be free; the disk is waited for in the
   * background. Only on the main thread of a Linux process, elsewhere it is `thread`. A process that is stopped within the very
   * microseconds between looking and locking then stops this one's event loop with it. The first client of a thread decides for all
   * of the folder. Default `thread`.
   */
  readonly commit?: 'thread' | 'inline';
  /** How long opening may wait for LMDB's write lock, ms. Default 10,000. */
  readonly openMs?: number;
}

const bodyMaxBytes = 1024 ** 2;

/**
 * Opens queues that the processes and threads of one machine share, in a folder on its disk.
 *
 * All clients of one thread share one LMDB environment and one writer's thread; a `Store` in the same folder has its own.
 *
 * @throws TypeError, RangeError
 * @throws QuorateError `UNAVAILABLE`, `STORE_DURABILITY`, `STORE_VERSION`, `STORE_CORRUPT`, `STORAGE_FULL`, `UNSUPPORTED`
 */
export async function createLmdbQueueStore(options: LmdbQueueStoreOptions): Promise<QueueStore> {
  const { path, durability = 'fsync', clock = systemClock } = options;
  const { commit = 'thread', maxBytes = defaultMaxBytes, openMs = defaultOpenMs } = options;
  checkPositive('Bytes of the queues', maxBytes);
  const isInline = checkCommit(commit) === 'inline';
  const own = { durability, openMs, maxBytes: defaultMaxBytes, isInline, isLogged: true };
  const { folder, lease } = await openHost({ path: path && join(path, 'queues'), ...own });
  const driver = new LmdbQueueDriver(lease, {
    maxBytes,
    capabilities: {
      durability: folder.durability,
      atomicSettle: true,
      atomicPut: true,
      transactionalPut: false,
      crossProcess: true,
      lease: { readyAt: true, lanes: true, oneActivePerKey: true },
      abandon: true,
      leaseGranularityMs: 1,
      bodyMaxBytes,
    },
  });
  return driveQueue(driver, { clock });
}
