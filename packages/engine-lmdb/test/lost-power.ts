import { cpSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { QueueStore } from '@quorate/core';
import { createLmdbQueueStore, type LmdbQueueStoreOptions } from '../src/index.ts';

/** Uses queues whose folder is then as a loss of power leaves it: nothing of what was not synced is there, so no database. */
export async function untilPowerIsLost<Result>(
  options: LmdbQueueStoreOptions,
  use: (store: QueueStore) => Promise<Result>,
): Promise<Result> {
  const { path } = options;
  const store = await createLmdbQueueStore(options);
  const result = await use(store);
  // Before its orderly end, which would leave the database whole.
  const copy = `${path}-copy`;
  cpSync(path, copy, { recursive: true, filter: source => !/hosts\/|boot-|\.new-/.test(source) });
  await store[Symbol.asyncDispose]();
  rmSync(path, { recursive: true });
  renameSync(copy, path);
  const queues = join(path, 'queues');
  for (const name of readdirSync(queues)) {
    if (name.startsWith('boot-')) rmSync(join(queues, name), { recursive: true });
  }
  return result;
}
