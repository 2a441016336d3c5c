import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { type Delta, readDelta, readMany, writeDelta } from './delta.ts';

/** Names a message beyond doubt: numbers of a stream that lost its end are given again. */
export interface Position {
  /** The stream's number for the message; 0 where there is none. */
  readonly sequence: number;
  /** Chosen at random by its writer, 8 bytes in base64url; empty where there is none. */
  readonly nonce: string;
}

/** Before the first message of a partition. */
export const nowhere: Position = { sequence: 0, nonce: '' };

/** A message that was, with what it did. */
export interface LogRecord {
  readonly position: Position;
  /** A `Delta`, encoded. */
  readonly bytes: Uint8Array;
}

/** A partition as it was at one position, and what happened since: all that somebody needs who knows nothing. */
export interface History {
  readonly position: Position;
  /** See `snapshot.ts`. */
  readonly snapshot: Uint8Array;
  readonly records: readonly LogRecord[];
}

/** What is published on the subject of a partition. */
export interface PartitionMessage {
  readonly nonce: string;
  /** The message that it was judged on, the last one then. The server has refused it if it was not. */
  readonly base: Position;
  /** Everything up to `base`: with it, nobody needs the messages before. */
  readonly history: History | undefined;
  /** A `Delta`, encoded. */
  readonly bytes: Uint8Array;
}

const formatVersion = 1;
const emptyNonce = new Uint8Array(8);

export function encodeDelta(delta: Delta): Uint8Array {
  const writer = new ByteWriter();
  writeDelta(writer, delta);
  return writer.done();
}

export function decodeDelta(bytes: Uint8Array): Delta {
  return readDelta(new ByteReader(bytes));
}

export function encodeMessage({ nonce, base, history, bytes }: PartitionMessage): Uint8Array {
  const writer = new ByteWriter(bytes.length + historyBytes(history) + 64);
  writer.byte(formatVersion).byte(history === undefined ? 0 : 1);
  writePosition(writer, { sequence: 0, nonce });
  writePosition(writer, base);
  if (history !== undefined) {
    writePosition(writer, history.position);
    writer.bytes(history.snapshot).integer(history.records.length);
    for (const record of history.records) {
      writePosition(writer, record.position);
      writer.bytes(record.bytes);
    }
  }
  return writer.bytes(bytes).done();
}

/** @throws RangeError where it is not of this format */
export function decodeMessage(message: Uint8Array): PartitionMessage {
  const reader = new ByteReader(message);
  const version = reader.byte();
  if (version !== formatVersion) {
    throw new RangeError(`Format of a message must be ${formatVersion}: received ${version}`);
  }
  const hasHistory = reader.byte() === 1;
  const { nonce } = readPosition(reader);
  const base = readPosition(reader);
  const history = hasHistory ? readHistory(reader) : undefined;
  return { nonce, base, history, bytes: reader.bytes() };
}

/** How much a history adds to a message, about. */
export function historyBytes(history: History | undefined): number {
  if (history === undefined) return 0;
  return history.records.reduce((sum, { bytes }) => sum + bytes.length + 20, history.snapshot.length + 24);
}

export function isSame(one: Position, other: Position): boolean {
  return one.sequence === other.sequence && one.nonce === other.nonce;
}

function readHistory(reader: ByteReader): History {
  const position = readPosition(reader);
  const snapshot = reader.bytes();
  const records = readMany(reader, () => ({ position: readPosition(reader), bytes: reader.bytes() }));
  return { position, snapshot, records };
}

function writePosition(writer: ByteWriter, { sequence, nonce }: Position): void {
  const bytes = nonce === '' ? emptyNonce : Buffer.from(nonce, 'base64url');
  writer.integer(sequence).raw(bytes);
}

function readPosition(reader: ByteReader): Position {
  const sequence = reader.integer();
  const bytes = reader.raw(emptyNonce.length);
  return { sequence, nonce: bytes.every(byte => byte === 0) ? '' : Buffer.from(bytes).toString('base64url') };
}
