import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ABORT, open, type RootDatabase } from 'lmdb';
import { machineTime } from './machine-time.ts';

/**
 * Keeps writers of a database out while a process opens it, and openers while somebody writes.
 *
 * LMDB's own write lock does not: whoever opens a database takes the number of the last transaction from the file and writes it
 * where all processes look for it, without that lock, and what others committed between the two is overwritten by the next writer or
 * makes it fail (ITS#9496 in LMDB's list of faults; the LMDB inside `lmdb` 3.5 has it). So each goes through the write
 * lock of a second database first, in which nobody ever writes, so that there the numbers never differ.
 *
 * The lock is LMDB's: when its holder dies, the next one has it.
 */
export class WriteGate {
  readonly #database: RootDatabase;

  private constructor(database: RootDatabase) {
    this.#database = database;
  }

  static open(folder: string): WriteGate {
    const own = gateFolder(folder);
    if (existsSync(folder)) {
      for (const name of readdirSync(folder)) {
        // Of an earlier boot: nobody has it open.
        if (name.startsWith(prefix) && join(folder, name) !== own) {
          rmSync(join(folder, name), { recursive: true, force: true });
        }
      }
    }
    return new WriteGate(openGate(own));
  }

  /** Waits, blocking the thread, until nobody else is in; then runs alone among all processes. */
  through<Result>(run: () => Result): Result {
    let result!: Result;
    this.#database.transactionSync(() => {
      result = run();
      // There is nothing to commit.
      return ABORT;
    });
    return result;
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

const prefix = 'gate-';

/** Where the second database of a database's folder lies: it is never synced, so what a loss of power made of it is not looked at again. */
export function gateFolder(folder: string): string {
  return join(folder, `${prefix}${machineTime().bootId}`);
}

function openGate(folder: string): RootDatabase {
  return open({
    path: folder,
    noSubdir: false,
    cache: false,
    overlappingSync: false,
    noSync: true,
    mapSize: 64 * 1024,
    // A process that opens it reads for a moment.
    maxReaders: 1024,
  });
}
