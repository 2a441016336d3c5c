/** A thread that opens a store, queues up, says so, and stays. */
import { parentPort, workerData } from 'node:worker_threads';
import { createLmdbStore, type LmdbStoreOptions } from '../src/index.ts';

const store = await createLmdbStore(workerData as LmdbStoreOptions);
const session = await store.session({ ttlMs: 600_000 });
const entry = await store.enqueue?.('threads/', new Uint8Array(), { session: session.id });
if (entry?.outcome === 'applied') parentPort?.postMessage({ session: session.id, key: entry.self.key });
setInterval(() => {}, 60_000);
