import {
  crc32,
  type Disk,
  type DiskFile,
  type GroupId,
  QuorateError,
  type SnapshotMetadata,
} from '@quorate/core';
import { abortableChunks } from './abortable-chunks.ts';
import { viewOf } from './format/block.ts';
import { snapshotName, temporaryEnding } from './format/file-names.ts';
import {
  decodeSnapshotFooter,
  decodeSnapshotHeader,
  encodePieceHeader,
  encodeSnapshotFooter,
  encodeSnapshotHeader,
  pieceBytesMax,
  pieceHeaderBytes,
  snapshotFooterBytes,
  snapshotHeaderBytes,
  snapshotHeaderLength,
} from './format/snapshot-format.ts';
import { corrupt } from './journal-error.ts';
import { removeIfThere } from './segment.ts';

/**
 * After so much a snapshot's file is synced: to sync all of it at its end would be a burst that every sync on this disk has to
 * wait for.
 */
const syncBytes = 1024 * 1024;

/** A snapshot that is durable, and stays until it is replaced and nobody reads it. */
export class SnapshotFile {
  readonly metadata: SnapshotMetadata;
  readonly serial: number;
  readonly #disk: Disk;
  readonly #group: GroupId;
  #readers = 0;
  #replaced = false;
  /** Removed before its time; another snapshot may have its name one day. */
  #gone = false;

  constructor(disk: Disk, group: GroupId, serial: number, metadata: SnapshotMetadata) {
    this.#disk = disk;
    this.#group = group;
    this.serial = serial;
    this.metadata = metadata;
  }

  get name(): string {
    return snapshotName(this.#group, this.serial);
  }

  /** Removes the file as soon as nobody reads it. */
  async replace(): Promise<void> {
    this.#replaced = true;
    if (this.#readers === 0) await removeIfThere(this.#disk, this.name);
  }

  /** Removes the file at once: it stands for nothing. Who reads it and has not begun gets `NOT_FOUND`. */
  async takeBack(): Promise<void> {
    this.#gone = true;
    await removeIfThere(this.#disk, this.name);
  }

  /** The contents, once; the file stays from this call on until the iteration ends. */
  open(): AsyncIterable<Uint8Array> {
    this.#readers++;
    let isTaken = false;
    return {
      [Symbol.asyncIterator]: () => {
        if (isTaken) throw new TypeError('Chunks of a snapshot can be iterated once: received a second call');
        isTaken = true;
        return this.#chunks();
      },
    };
  }

  async *#chunks(): AsyncGenerator<Uint8Array, void> {
    try {
      if (this.#gone) throw noSnapshot(this.name);
      await using file = await this.#disk.open(this.name);
      const { start, sum } = await readSnapshotHeader(file, this.#group);
      yield* readPieces(file, start, sum);
    } finally {
      this.#readers--;
      if (this.#replaced && this.#readers === 0) await removeIfThere(this.#disk, this.name);
    }
  }
}

function noSnapshot(name: string): QuorateError {
  const message = `Snapshot "${name}" was taken back, since there was no room for what goes with it`;
  return new QuorateError('NOT_FOUND', message, { outcome: 'not-applied' });
}

/** What {@link writeSnapshot} is given. */
export interface NewSnapshot {
  readonly group: GroupId;
  readonly serial: number;
  readonly metadata: SnapshotMetadata;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Ends the wait for the next chunk. */
  readonly signal: AbortSignal;
  /** Throws where there is no use in going on. */
  readonly throwIfEnded: () => void;
  /** Is told when nobody knows any more whether the snapshot has its name. It throws. */
  readonly onUnknown: (error: unknown) => void;
}

/** Writes a snapshot under a temporary name, makes it durable and gives it its own name. */
export async function writeSnapshot(disk: Disk, wanted: NewSnapshot): Promise<SnapshotFile> {
  const { group, serial, metadata, chunks, signal, throwIfEnded, onUnknown } = wanted;
  const snapshot = new SnapshotFile(disk, group, serial, metadata);
  const temporary = `${snapshot.name}${temporaryEnding}`;
  await removeIfThere(disk, temporary);
  try {
    await using file = await disk.open(temporary, { create: true });
    await writeContents(file, group, metadata, abortableChunks(chunks, signal), throwIfEnded);
    await file.sync();
    throwIfEnded();
  } catch (error) {
    await removeIfThere(disk, temporary).catch(() => undefined);
    throw error;
  }
  try {
    await disk.rename(temporary, snapshot.name);
    await disk.syncNames();
  } catch (error) {
    onUnknown(error);
    throw error;
  }
  return snapshot;
}

async function writeContents(
  file: DiskFile,
  group: GroupId,
  metadata: SnapshotMetadata,
  chunks: AsyncIterable<Uint8Array>,
  check: () => void,
): Promise<void> {
  const head = encodeSnapshotHeader(group, metadata);
  await file.write([head.bytes], 0);
  let at = head.bytes.length;
  let sum = head.view.getUint32(4, true);
  let total = 0;
  let syncedAt = at;
  for await (const chunk of chunks) {
    check();
    for (let start = 0; start < chunk.length; start += pieceBytesMax) {
      const piece = chunk.subarray(start, start + pieceBytesMax);
      const { header, sum: next } = encodePieceHeader(piece, sum);
      await file.write([header, piece], at);
      at += header.length + piece.length;
      total += piece.length;
      sum = next;
    }
    if (at - syncedAt >= syncBytes) syncedAt = await synced(file, at);
  }
  await file.write([encodeSnapshotFooter(total, sum)], at);
}

async function synced(file: DiskFile, at: number): Promise<number> {
  await file.sync();
  return at;
}

/** Reads and checks the header. @throws QuorateError `JOURNAL_CORRUPT` */
export async function readSnapshotHeader(
  file: DiskFile,
  group: number,
): Promise<{ readonly metadata: SnapshotMetadata; readonly start: number; readonly sum: number }> {
  const first = await readAt(file, 0, snapshotHeaderBytes);
  const length = snapshotHeaderLength(viewOf(first));
  if (typeof length === 'string') throw corrupt(file.name, 0, length);
  const head = await readAt(file, 0, length);
  if (head.length < length) throw corrupt(file.name, head.length, `a snapshot header of ${length} bytes`);
  const decoded = decodeSnapshotHeader(head, group);
  if (typeof decoded === 'string') throw corrupt(file.name, 0, decoded);
  return { ...decoded, start: length };
}

/** Finds out whether the file ends as it should, without reading all of it. @throws QuorateError `JOURNAL_CORRUPT` */
export async function checkSnapshotEnd(file: DiskFile): Promise<void> {
  const at = file.size - snapshotFooterBytes;
  const footer = at < 0 ? new Uint8Array(0) : await readAt(file, at, snapshotFooterBytes);
  if (decodeSnapshotFooter(footer) === undefined) {
    throw corrupt(file.name, Math.max(0, at), 'the footer of a snapshot');
  }
}

async function* readPieces(file: DiskFile, start: number, before: number): AsyncGenerator<Uint8Array, void> {
  let at = start;
  let sum = before;
  let total = 0;
  for (;;) {
    const head = await readAt(file, at, snapshotFooterBytes);
    const view = viewOf(head);
    const length = head.length < pieceHeaderBytes ? 0 : view.getUint32(0, true);
    if (length === 0) {
      if (decodeSnapshotFooter(head, sum) === total) return;
      throw corrupt(file.name, at, `a footer that tells of ${total} bytes`);
    }
    if (length > pieceBytesMax) throw corrupt(file.name, at, `a piece of at most ${pieceBytesMax} bytes`);
    const piece = await readAt(file, at + pieceHeaderBytes, length);
    sum = crc32(piece, 0, piece.length, sum);
    if (piece.length < length || sum !== view.getUint32(4, true)) {
      throw corrupt(file.name, at, `a piece of ${length} bytes with checksum ${view.getUint32(4, true)}`);
    }
    yield piece;
    total += length;
    at += pieceHeaderBytes + length;
  }
}

async function readAt(file: DiskFile, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, await file.read(bytes, offset));
}
