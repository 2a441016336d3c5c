import { closeSync, existsSync, fdatasyncSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, systemClock } from '@quorate/core';
import { hostTable } from '../host-table.ts';
import { QueueRoot } from '../queue/queue-root.ts';
import { translated, unusable } from '../store-failure.ts';
import { StoreRoot } from '../store-root.ts';
import type { DatabaseWriter } from './database-writer.ts';
import { LmdbBytes, type LmdbDatabase } from './lmdb-bytes.ts';
import { FileRoom } from './file-room.ts';
import { openDatabase } from './open-database.ts';
import { QueueLog } from './queue-log.ts';
import { reservedRevisions, reserveRevisions } from './reserved-revisions.ts';
import { dropOtherBoots, markClean } from './store-folder.ts';
import { gateFolder } from './write-gate.ts';
import type { WriterOrder } from './writer-protocol.ts';

/** What belongs to a writer's database. */
export interface PreparedDatabase {
  readonly database: LmdbDatabase;
  readonly reserve: (ceiling: number) => void;
  readonly room: FileRoom;
}

/**
 * Opens a database for a host, and begins it where it is new: at a revision above all that were ever given, and above the wall
 * clock in microseconds, should even what was reserved be lost.
 *
 * @throws QuorateError `STORE_CORRUPT`, `UNAVAILABLE`, `STORAGE_FULL`
 */
export function prepareDatabase(order: WriterOrder): PreparedDatabase {
  const database = openChecked(order);
  const reserve = (ceiling: number): void => reserveRevisions(order.parent, ceiling);
  const room = new FileRoom(order.folder);
  try {
    const bytes = new LmdbBytes(database);
    let isFirst = false;
    database.transactionSync(() => {
      bytes.begin();
      markClean(order.folder, false);
      isFirst = catchUp(order, bytes);
      const known = StoreRoot.read(bytes);
      if (known === undefined) {
        const root = new StoreRoot();
        root.revision = Math.max(Math.floor(systemClock.wallMs() * 1000), reservedRevisions(order.parent));
        root.ceiling = root.revision;
        root.write(bytes);
      } else if (isFirst) {
        // What was given last may not have come as far as the log.
        known.revision = Math.max(known.revision, known.ceiling, reservedRevisions(order.parent));
        known.ceiling = known.revision;
        known.write(bytes);
      }
      hostTable(bytes).add(order.host);
      room.ensure(bytes.written, database.getWriteTxnId(), false);
    });
    if (isFirst) closeSync(openSync(join(order.folder, replayedName), 'w'));
    if (order.log !== undefined) dropOtherBoots(order.parent, order.folder);
    return { database, reserve, room };
  } catch (thrown) {
    throw translated(thrown, false);
  }
}

/**
 * Takes a host out of its database, with its sessions. Whoever was the last says that all of it is on disk, which
 * only counts at `os` durability: then the next boot takes it along.
 */
export function leaveDatabase(database: LmdbDatabase, writer: DatabaseWriter, order: WriterOrder): void {
  const bytes = new LmdbBytes(database);
  writer.run([{ type: 'end-host', host: order.host, isProven: true }]);
  const left = database.transactionSync(() => ({
    transaction: database.getWriteTxnId(),
    hosts: hostTable(bytes).all().length,
  }));
  if (order.durability === 'os' && left.hosts === 0) {
    syncFile(join(order.folder, 'data.mdb'));
    database.transactionSync(() => {
      // Had anybody come since, they would have written that they are there.
      if (database.getWriteTxnId() === left.transaction) markClean(order.folder, true);
    });
  }
}

/** Says that a database has all of its log; it lies beside it, so that the copy of another boot says nothing. */
const replayedName = 'replayed';

/** Has a database catch up with its log, unless that was done in this boot. @returns whether it was done now */
function catchUp({ folder, log: logFolder }: WriterOrder, bytes: LmdbBytes): boolean {
  if (logFolder === undefined || existsSync(join(folder, replayedName))) return false;
  using log = new QueueLog(logFolder);
  log.replay(bytes);
  // Whoever held a lease is dead.
  const root = QueueRoot.read(bytes);
  const before = root.encode();
  root.bootId = '';
  root.write(bytes, before);
  return true;
}

function openChecked(order: WriterOrder): LmdbDatabase {
  const file = join(order.folder, 'data.mdb');
  checkHead(file);
  checkHead(join(gateFolder(order.folder), 'data.mdb'));
  let database: LmdbDatabase;
  try {
    database = openDatabase(order);
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    if (/MDB_INVALID|MDB_CORRUPTED|MDB_VERSION_MISMATCH|MDB_PAGE_NOTFOUND/.test(message)) {
      throw unusable(
        'STORE_CORRUPT',
        `File "${file}" is no LMDB database that can be read: ${message}`,
        thrown,
      );
    }
    throw translated(thrown, false);
  }
  const stats = database.getStats() as {
    readonly lastPageNumber: number;
    readonly root: { readonly pageSize: number };
  };
  const neededBytes = (stats.lastPageNumber + 1) * stats.root.pageSize;
  const { size } = statSync(file);
  if (size >= neededBytes) return database;
  // Reading beyond the end of a mapped file ends the process, so it is not tried.
  void database.close();
  throw unusable('STORE_CORRUPT', `File "${file}" was cut off: it has ${size} of ${neededBytes} bytes`);
}

/** What an LMDB file begins with, in each of its two first pages: a number of LMDB's, and the version of its format. */
const magic = 0xbeef_c0de;
const lmdbVersion = 2;
const magicOffset = 24;
const pageSizeOffset = 48;

/** LMDB itself ends the process over some files that are none of its own. */
function checkHead(file: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT') return;
    throw translated(thrown, false);
  }
  try {
    const head = Buffer.alloc(64);
    if (readSync(descriptor, head, 0, head.length, 0) === 0) return;
    const pageBytes = head.readUInt32LE(pageSizeOffset);
    const second = Buffer.alloc(64);
    readSync(descriptor, second, 0, second.length, pageBytes);
    if ([head, second].every(isMeta)) return;
  } finally {
    closeSync(descriptor);
  }
  throw unusable('STORE_CORRUPT', `File "${file}" is no LMDB database of version ${lmdbVersion}`);
}

function isMeta(page: Buffer): boolean {
  return (
    page.readUInt32LE(magicOffset) === magic && (page.readUInt32LE(magicOffset + 4) & 0xffff) === lmdbVersion
  );
}

function syncFile(file: string): void {
  const descriptor = openSync(file, 'r+');
  try {
    fdatasyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
