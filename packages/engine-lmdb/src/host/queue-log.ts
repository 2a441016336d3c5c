import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32, errorCode } from '@quorate/core';
import { queueTables } from '../queue/queue-keys.ts';
import { isSound, recordCorrupt, sealed } from '../queue/queue-record.ts';
import { QueueRoot } from '../queue/queue-root.ts';
import type { SortedBytes } from '../sorted-bytes.ts';
import { LogFile } from './log-file.ts';
import { type LoggedBytes, writeAgain } from './logged-bytes.ts';
import { numbersIn } from './numbered-files.ts';
import { checkpointNow } from './queue-checkpoint.ts';
import { checkpointPrefix, logPrefix, syncFolder } from './store-folder.ts';

/** How long a file of the log is; one is begun where a transaction does not fit any more. */
const fileBytes = 4 * 1024 ** 2;

/** No checkpoint is due before there are so many. */
const filesMin = 16;

/** Length, checksum, number of the transaction. */
const headBytes = 4 + 4 + 8;

/** What no frame begins with. */
const noHead = Buffer.alloc(headBytes);

/** Up to where a database has what its log has. */
interface Place {
  /** Of the file. */
  number: number;
  offset: number;
  /** How many transactions there were. */
  sequence: number;
  /** The file that the last checkpoint was due at. */
  checkpoint: number;
}

const placeKey = Buffer.of(queueTables.log);

/**
 * What makes a database durable that itself is not synced: each transaction is appended here before it is committed, with the write
 * lock in hand, and one sync of the file, without the lock, makes it durable with all that came before it, by whichever process. The
 * next boot writes again what its database lacks.
 *
 * Files are filled with zeros beforehand, so that a sync has nothing to write but what was appended.
 */
export class QueueLog implements Disposable {
  readonly #folder: string;
  readonly #database: string | undefined;
  /** The last file of which a sync has failed, until a copy is in its place: it may have a gap. */
  #suspect: number | undefined;
  #file: LogFile | undefined;
  /** Where the last transaction begins in its file. */
  #last = 0;
  readonly #mayWait: boolean;

  /**
   * @param database the folder of the database that is made durable; a log that is only replayed needs none
   * @param mayWait whether to append where that waits for the disk
   */
  constructor(folder: string, database?: string, mayWait = true) {
    this.#folder = folder;
    this.#database = database;
    this.#mayWait = mayWait;
  }

  /**
   * Appends what a transaction wrote, at its end, and says in the database that it did.
   *
   * @returns the number of a checkpoint that is due, if one is
   * @throws Error of the file system, or that this would have to wait for the disk: then nothing may be committed
   */
  append(bytes: SortedBytes, written: LoggedBytes): number | undefined {
    // First of all: also what was answered from what is there already is durable by the next sync.
    const place = this.mend(bytes);
    const frame = written.encode(headBytes);
    if (frame === undefined) {
      // What it was answered by may be another process's, and not be durable yet. Files before this one are.
      if (place.offset > 0) this.#open(place.number);
      else this[Symbol.dispose]();
      return undefined;
    }
    const isFull = place.offset + frame.length > fileBytes;
    if (!this.#mayWait && (place.offset === 0 || isFull)) throw new Error('A file of the log is to be begun');
    place.sequence++;
    let due: number | undefined;
    if (place.offset > 0 && isFull) {
      this.#end(place);
      place.number++;
      place.offset = 0;
      if (place.number - place.checkpoint >= filesMax(bytes)) {
        place.checkpoint = place.number;
        due = place.number;
      }
    }
    frame.writeUInt32LE(frame.length, 0);
    frame.writeDoubleLE(place.sequence, 8);
    frame.writeUInt32LE(crc32(frame, 8, frame.length, place.number), 4);
    const { descriptor } = this.#open(place.number);
    // Whoever made the file may have died before it was durably in its folder.
    if (place.offset === 0) syncFolder(this.#folder);
    this.#last = place.offset;
    // Nothing can fail once the frame is whole: it would be taken for that of a transaction that was committed.
    bytes.put(placeKey, encodePlace({ ...place, offset: place.offset + frame.length }));
    if (writeSync(descriptor, frame, 0, frame.length, place.offset) < frame.length)
      throw new Error('no space left: the log was cut short');
    return due;
  }

  /**
   * Makes nothing of what was appended and not committed, here or at the beginning of the next file. Called in a transaction: by then
   * another process may have appended, and committed, in the same place.
   *
   * @throws Error of the file system
   */
  cut(bytes: SortedBytes): void {
    const { number, offset } = readPlace(bytes);
    for (const [each, from] of [
      [number, offset],
      [number + 1, 0],
    ] as const) {
      if (!existsSync(fileOf(this.#folder, each))) continue;
      const file = this.#open(each);
      writeSync(file.descriptor, noHead, 0, headBytes, from);
      this.#sync(file);
    }
  }

  /** Makes durable all that was committed when it was last appended to, by whichever process. @throws Error of the file system */
  sync(): void {
    if (this.#file !== undefined) this.#sync(this.#file);
  }

  /**
   * The same for what was appended to by this log, while its thread goes on.
   *
   * @returns undefined; or what it failed for, and the file that may have a gap from then on
   */
  async synced(): Promise<LogGap | undefined> {
    const file = this.#file;
    try {
      await file?.sync();
      return undefined;
    } catch (thrown) {
      const { number } = file as LogFile;
      this.suspect(number);
      return { number, thrown };
    }
  }

  /** The last file that may have a gap, unless a copy is in its place. */
  get suspected(): number | undefined {
    return this.#suspect;
  }

  /** Says that a file may have a gap, and what its sync failed for elsewhere. */
  suspect(number: number, thrown?: unknown): void {
    this.#suspect = Math.max(number, this.#suspect ?? 0);
    if (thrown !== undefined && this.#file?.number === number) this.#file.fail(thrown);
  }

  /**
   * Where a sync has failed, puts a copy of what is committed in place of the log, and begins another file. Such a sync may have dropped
   * what it was to write, and the next one, which succeeds, says nothing of it: what is appended behind such a gap, in the next file too,
   * would never be written again. Called in a transaction.
   *
   * @returns where the log goes on
   * @throws Error of the file system: then nothing may be committed
   */
  mend(bytes: SortedBytes): Place {
    const place = readPlace(bytes);
    if (this.#suspect === undefined || this.#database === undefined) return place;
    const parent = dirname(this.#folder);
    if (place.number > this.#suspect && lastCheckpoint(parent) > this.#suspect) {
      this.#suspect = undefined;
      return place;
    }
    if (!this.#mayWait) throw new Error('A copy is to be put in place of the log');
    this.#end(place);
    const number = place.number + 1;
    checkpointNow(this.#database, parent, number);
    const next = { ...place, number, offset: 0, checkpoint: number };
    bytes.put(placeKey, encodePlace(next));
    return next;
  }

  /** Fills the next file with zeros, once half of this one is used and while nobody asks for anything. What fails is done when it is needed. */
  prepare(): void {
    if (this.#file === undefined || this.#last < fileBytes / 2) return;
    const next = fileOf(this.#folder, this.#file.number + 1);
    if (existsSync(next)) return;
    try {
      makeFile(next);
    } catch {
      // There may be no room for it now.
    }
  }

  /** Writes again what a database lacks, in its transaction. What lacks nothing stays as it is, however often. */
  replay(bytes: SortedBytes): void {
    const place = readPlace(bytes);
    // A boot begins a file of its own, and one that writes nothing leaves no file behind.
    const numbers = numbersIn(this.#folder, logPrefix).filter(number => number >= place.number);
    for (const number of numbers) {
      const content = readFileSync(fileOf(this.#folder, number));
      const next = { ...place, number, offset: number === place.number ? place.offset : 0 };
      for (let frame = frameAt(content, next); frame !== undefined; frame = frameAt(content, next)) {
        writeAgain(bytes, frame, headBytes);
        next.offset += frame.length;
        next.sequence++;
        Object.assign(place, next);
      }
    }
    // What was half written behind it must not be taken for a continuation.
    bytes.put(placeKey, encodePlace({ ...place, number: place.number + 1, offset: 0 }));
    for (const number of numbers)
      if (number > place.number) rmSync(fileOf(this.#folder, number), { force: true });
  }

  [Symbol.dispose](): void {
    this.#file?.[Symbol.dispose]();
    this.#file = undefined;
  }

  /** Has a file end here: what is in the next one must not be durable before this one is. */
  #end({ number, offset }: Place): void {
    const file = this.#open(number);
    // A frame of somebody who died before its commit would be taken for the one that begins the next file.
    if (offset + headBytes <= fileBytes) writeSync(file.descriptor, noHead, 0, headBytes, offset);
    this.#sync(file);
  }

  #sync(file: LogFile): void {
    try {
      file.syncNow();
    } catch (thrown) {
      this.suspect(file.number);
      throw thrown;
    }
  }

  #open(number: number): LogFile {
    if (this.#file?.number === number) return this.#file;
    this[Symbol.dispose]();
    const path = fileOf(this.#folder, number);
    if (!existsSync(path)) makeFile(path);
    this.#file = new LogFile(number, openSync(path, 'r+'));
    return this.#file;
  }
}

/** A file of the log that may lack something, and what its sync failed for. */
export interface LogGap {
  readonly number: number;
  readonly thrown: unknown;
}

function lastCheckpoint(parent: string): number {
  return numbersIn(parent, checkpointPrefix).at(-1) ?? 0;
}

function fileOf(folder: string, number: number): string {
  return join(folder, `${logPrefix}${number}`);
}

function makeFile(file: string): void {
  const made = `${file}.new-${process.pid}-${process.hrtime.bigint()}`;
  const descriptor = openSync(made, 'wx');
  try {
    const zeros = Buffer.alloc(1024 ** 2);
    for (let offset = 0; offset < fileBytes; offset += zeros.length)
      writeSync(descriptor, zeros, 0, zeros.length, offset);
    fsyncSync(descriptor);
    // Somebody else may have made it, and written to it.
    linkNew(made, file);
  } finally {
    closeSync(descriptor);
    rmSync(made, { force: true });
  }
}

function linkNew(made: string, file: string): void {
  try {
    // Unlike a rename, a link replaces nothing.
    linkSync(made, file);
  } catch (thrown) {
    if (errorCode(thrown) !== 'EEXIST') throw thrown;
  }
}

/** How many files there may be before a checkpoint is due: what a boot writes again is at most twice what the queues hold. */
function filesMax(bytes: SortedBytes): number {
  return Math.max(filesMin, Math.ceil((2 * QueueRoot.read(bytes).bytes) / fileBytes));
}

function frameAt(content: Buffer, { number, offset, sequence }: Place): Buffer | undefined {
  if (offset + headBytes > content.length) return undefined;
  const length = content.readUInt32LE(offset);
  if (length <= headBytes || offset + length > content.length) return undefined;
  const frame = content.subarray(offset, offset + length);
  if (frame.readUInt32LE(4) !== crc32(frame, 8, length, number)) return undefined;
  return frame.readDoubleLE(8) === sequence + 1 ? frame : undefined;
}

function readPlace(bytes: SortedBytes): Place {
  const record = bytes.get(placeKey);
  if (record === undefined) return { number: 1, offset: 0, sequence: 0, checkpoint: 1 };
  if (!isSound(placeKey, record)) throw recordCorrupt('The place of the log');
  return {
    number: record.readDoubleLE(4),
    offset: record.readDoubleLE(12),
    sequence: record.readDoubleLE(20),
    checkpoint: record.readDoubleLE(28),
  };
}

function encodePlace({ number, offset, sequence, checkpoint }: Place): Buffer {
  const record = Buffer.allocUnsafe(36);
  record.writeDoubleLE(number, 4);
  record.writeDoubleLE(offset, 12);
  record.writeDoubleLE(sequence, 20);
  record.writeDoubleLE(checkpoint, 28);
  return sealed(placeKey, record);
}
