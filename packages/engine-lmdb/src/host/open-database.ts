import { open } from 'lmdb';
import type { LmdbDatabase } from './lmdb-bytes.ts';
import { WriteGate } from './write-gate.ts';

/** What a database is opened with, alike in every thread. */
export interface DatabaseOptions {
  readonly folder: string;
  /** `os`: commits are not waited for until they are on disk. */
  readonly durability: 'fsync' | 'os';
}

/** Address space is taken in one piece, so that a growing database is seldom mapped anew. It takes no memory. */
const mapBytes = 4 * 1024 ** 3;

/** How many read transactions there may be at once, of all processes: each thread has one. LMDB's own default is 126. */
const readersMax = 4096;

/**
 * Opens the LMDB database in a folder. Within a process LMDB has it open once, whichever of its threads ask.
 *
 * Opening waits for whoever writes, and `transactionSync` for whoever opens: see {@link WriteGate}. It is the only way to write.
 */
export function openDatabase({ folder, durability }: DatabaseOptions): LmdbDatabase {
  const gate = WriteGate.open(folder);
  const database = gate.through(() => openHere({ folder, durability }, false));
  const transactionSync = database.transactionSync.bind(database);
  const close = database.close.bind(database);
  return Object.assign(database, {
    transactionSync: <Result>(run: () => Result): Result => gate.through(() => transactionSync(run)),
    close: async () => {
      await close();
      await gate.close();
    },
  });
}

/**
 * The same database, for a thread that only reads, and never waits for a writer, not even while opening: in its process the database
 * is open already.
 */
export function openDatabaseToRead(options: DatabaseOptions): LmdbDatabase {
  return openHere(options, true);
}

/** `overlappingSync` is off: with it a commit is visible before it is on disk, and each process has its own idea of what is. */
function openHere({ folder, durability }: DatabaseOptions, readOnly: boolean): LmdbDatabase {
  return open<Uint8Array, Uint8Array>({
    path: folder,
    noSubdir: false,
    encoding: 'binary',
    keyEncoding: 'binary',
    cache: false,
    overlappingSync: false,
    noSync: durability === 'os',
    mapSize: mapBytes,
    maxReaders: readersMax,
    readOnly,
  });
}
