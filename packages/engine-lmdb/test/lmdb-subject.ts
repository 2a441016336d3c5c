import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoreSubject } from '@quorate/conformance';
import { systemClock, systemRandom } from '@quorate/core';
import { createLmdbStore, type LmdbStoreOptions } from '../src/index.ts';

/** A folder for one test file. */
export interface TestFolder extends Disposable {
  readonly path: string;
  /** Where no store is yet. */
  readonly fresh: () => string;
}

export function testFolder(): TestFolder {
  const path = mkdtempSync(join(tmpdir(), 'quorate-lmdb-'));
  let count = 0;
  const fresh = (): string => join(path, `store-${++count}`);
  return { path, fresh, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** The clients are of one thread, as the clients of one program are. */
export function lmdbSubject(options: LmdbStoreOptions): StoreSubject {
  return {
    name: `engine-lmdb, ${options.durability}`,
    open: ({ clock = systemClock } = {}) => createLmdbStore({ ...options, clock }),
    clock: systemClock,
    random: systemRandom,
    ttlMs: 1000,
    patienceMs: 20_000,
  };
}
