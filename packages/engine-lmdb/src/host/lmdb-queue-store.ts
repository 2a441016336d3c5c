import { join } from 'node:path';
import { type Clock, driveQueue, type QueueStore, systemClock } from '@quorate/core';
import { LmdbQueueDriver } from './lmdb-queue-driver.ts';
import { checkPositive, defaultMaxBytes, defaultOpenMs, openHost } from './lmdb-store.ts';

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
  const { maxBytes = defaultMaxBytes, openMs = defaultOpenMs } = options;
  checkPositive('Bytes of the queues', maxBytes);
  const own = { durability, openMs, maxBytes: defaultMaxBytes, isInline: false, isLogged: true };
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
