import {
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  closeSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { errorCode, QuorateError } from '@quorate/core';
import { unavailable, unusable } from '../store-failure.ts';
import { numbersIn } from './numbered-files.ts';

/** The version of everything that this engine writes. */
const format = 1;

const factsName = 'store.json';
const cleanName = 'clean';
const bootPrefix = 'boot-';

/** What a store's folder is, once it was found or made. */
export interface StoreFolder {
  /** Its real path. */
  readonly path: string;
  /** The store's own durability, which the first who opened it chose. */
  readonly durability: 'fsync' | 'os';
  /** Where LMDB's files lie. */
  readonly database: string;
  /** Where the sockets of its hosts lie. */
  readonly hosts: string;
  /** Where the log lies by which the database is durable, where there is one. */
  readonly log: string | undefined;
}

/**
 * Finds or makes the folder of a store, whose durability is that of whoever made it.
 *
 * At `os` durability the kernel writes pages in any order, so after a crash of the machine the database may be torn without a sign
 * of it. So it lies in a folder named after the boot, and comes along into the next only where it was closed; what is left of an
 * older boot is never read again.
 *
 * @throws QuorateError `STORE_VERSION`, `STORE_CORRUPT`, `STORE_DURABILITY`, `UNAVAILABLE`
 */
export function storeFolder(
  path: string,
  durability: 'fsync' | 'os',
  bootId: string,
  isLogged = false,
): StoreFolder {
  try {
    mkdirSync(path, { recursive: true });
    const folder = realpathSync(path);
    const own = readFacts(folder) ?? writeFacts(folder, durability);
    if (durability === 'fsync' && own === 'os') {
      throw new QuorateError(
        'STORE_DURABILITY',
        `Store "${folder}" was made with durability "os", under which nobody can be promised "fsync"`,
        { outcome: 'not-applied' },
      );
    }
    const log = isLogged && own === 'fsync' ? join(folder, 'log') : undefined;
    const isOfBoot = own === 'os' || log !== undefined;
    const database = join(folder, isOfBoot ? `${bootPrefix}${bootId}` : 'data');
    if (isOfBoot) takeAlong(folder, database);
    if (log !== undefined) {
      mkdirSync(log, { recursive: true });
      takeCheckpointAlong(folder, database);
    }
    mkdirSync(database, { recursive: true });
    const hosts = join(folder, 'hosts');
    mkdirSync(hosts, { recursive: true });
    return { path: folder, durability: own, database, hosts, log };
  } catch (thrown) {
    if (thrown instanceof QuorateError) throw thrown;
    throw unavailable(`Folder "${path}" cannot be used: ${(thrown as Error).message}`, 'not-applied', thrown);
  }
}

/** Whether everything that the database holds is on disk. Called in a write transaction, so that nobody writes meanwhile. */
export function markClean(database: string, isClean: boolean): void {
  const file = join(database, cleanName);
  if (isClean === existsSync(file)) return;
  if (isClean) closeSync(openSync(file, 'w'));
  else rmSync(file, { force: true });
  syncFolder(database);
}

/**
 * What the name begins with of a copy that a boot begins with which finds no database that was closed; behind it stands the number of
 * the first file of the log that it needs. The last one counts.
 */
export const checkpointPrefix = 'checkpoint-';

/** What the names of a log's files begin with. */
export const logPrefix = 'log-';

/** Begins a boot's database with the last checkpoint. Of several who try one succeeds. */
function takeCheckpointAlong(folder: string, database: string): void {
  if (existsSync(database)) return;
  const begun = `${database}.new-${process.pid}-${process.hrtime.bigint()}`;
  try {
    mkdirSync(begun);
    const number = numbersIn(folder, checkpointPrefix).at(-1);
    if (number !== undefined)
      copyFileSync(join(folder, `${checkpointPrefix}${number}`), join(begun, 'data.mdb'));
    renameSync(begun, database);
  } catch (thrown) {
    // Somebody else was faster.
    if (!existsSync(database)) throw thrown;
  } finally {
    rmSync(begun, { recursive: true, force: true });
  }
}

/** Takes the database of an earlier boot along, where it was closed. Of several who try one succeeds. */
function takeAlong(folder: string, database: string): void {
  if (existsSync(database)) return;
  const others = readdirSync(folder).filter(name => name.startsWith(bootPrefix) && !name.includes('.new-'));
  const clean = others.find(name => existsSync(join(folder, name, cleanName)));
  if (clean === undefined) return;
  try {
    renameSync(join(folder, clean), database);
  } catch (thrown) {
    // Somebody else was faster.
    if (!existsSync(database)) throw thrown;
  }
}

/**
 * Deletes the databases of boots before this one, where all that counts of them came from the log. What cannot be deleted now is
 * another time.
 */
export function dropOtherBoots(folder: string, database: string): void {
  const own = basename(database);
  for (const name of readdirSync(folder)) {
    // Somebody of this boot may be about to begin with a copy.
    if (!name.startsWith(bootPrefix) || name === own || name.startsWith(`${own}.new-`)) continue;
    try {
      rmSync(join(folder, name), { recursive: true, force: true });
    } catch {
      // It takes room, and does no harm.
    }
  }
}

function readFacts(folder: string): 'fsync' | 'os' | undefined {
  const file = join(folder, factsName);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
  const facts = parsed(file, text);
  if (facts.format !== format) {
    throw unusable(
      'STORE_VERSION',
      `Store "${folder}" is of format ${String(facts.format)}: this version knows ${format}`,
    );
  }
  if (facts.durability === 'fsync' || facts.durability === 'os') return facts.durability;
  throw unusable('STORE_CORRUPT', `File "${file}" names no durability`);
}

function parsed(file: string, text: string): { readonly format?: unknown; readonly durability?: unknown } {
  try {
    const facts: unknown = JSON.parse(text);
    if (typeof facts === 'object' && facts !== null) return facts;
  } catch {
    // Falls through to the same error as what is no object.
  }
  throw unusable('STORE_CORRUPT', `File "${file}" holds no facts about a store`);
}

/** Says what the store is, where nobody has said so before. */
function writeFacts(folder: string, durability: 'fsync' | 'os'): 'fsync' | 'os' {
  const foreign = readdirSync(folder).filter(name => name.endsWith('.mdb'));
  if (foreign.length > 0) {
    throw unusable('STORE_CORRUPT', `Folder "${folder}" holds "${foreign[0]}", and no facts about a store`);
  }
  const file = join(folder, factsName);
  const written = `${file}.${process.pid}-${process.hrtime.bigint()}`;
  const descriptor = openSync(written, 'wx');
  try {
    writeSync(descriptor, `${JSON.stringify({ format, durability })}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  try {
    // Unlike a rename, a link replaces nothing: one of several who begin at once decides.
    linkSync(written, file);
    syncFolder(folder);
  } catch (thrown) {
    if (errorCode(thrown) !== 'EEXIST') throw thrown;
  } finally {
    rmSync(written, { force: true });
  }
  return readFacts(folder) as 'fsync' | 'os';
}

/** Makes it durable which files are in a folder. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
