import { textBytes, textOf } from './queue-text.ts';

/**
 * Where a queue's things lie, beside the tables of the Store and in the same tree. A cell is a queue's number; sequences, turns and
 * tokens are revisions in seven bytes, times are milliseconds in seven.
 *
 * | table | key | value |
 * |---|---|---|
 * | `r` | | the root: clock, the next times at which there is something to do, bytes taken |
 * | `q` | name | a queue that holds messages: its cell and counts |
 * | `n` | cell | its name |
 * | `m` | cell, sequence | a message |
 * | `i` | cell, id | the sequence of a message whose id does not name it and is not remembered |
 * | `w` | cell, lane, time, turn, whether there is a value | a message that waits: its tokens and counts, where it was out before |
 * | `l` | cell, sequence | a lease |
 * | `c` | cell, key | how many of a key are out, and how many are held |
 * | `h` | cell, key, NUL, sequence | a message that is held behind others of its key |
 * | `s` | key | a state record |
 * | `d` | name, NUL, id | until when an id is remembered, and the sequence of its message |
 * | `t` | time, key in `s` | nothing: what is gone at that time |
 * | `t` | time, `d`, number | a queue and ids that are remembered until then |
 * | `y` | topic, NUL, host | nothing: who is to be woken |
 * | `z` | cell, sequence | what a damaged record held |
 * | `o` | | up to where the log is in the database |
 */
export const queueTables = {
  root: 0x72,
  cell: 0x71,
  name: 0x6e,
  message: 0x6d,
  id: 0x69,
  waiting: 0x77,
  lease: 0x6c,
  chain: 0x63,
  held: 0x68,
  state: 0x73,
  remembered: 0x64,
  time: 0x74,
  listener: 0x79,
  quarantine: 0x7a,
  log: 0x6f,
} as const;

export const cellBytes = 5;
const wholeBytes = 7;

/** Where a message waits. */
export interface WaitingPlace {
  readonly lane: number;
  readonly readyAtMs: number;
  readonly turn: number;
  /** Whether it was out before, and so has counts. */
  readonly wasOut: boolean;
}

/** A text in a table. */
export function nameKey(table: number, text: string): Buffer {
  const bytes = textBytes(` ${text}`);
  bytes[0] = table;
  return bytes;
}

/** The text of {@link nameKey}. */
export function nameOfKey(key: Uint8Array): string {
  return textOf(bufferOf(key), 1);
}

/** What all of a cell begins with in a table. */
export function cellKey(table: number, cell: number): Buffer {
  const bytes = Buffer.allocUnsafe(cellBytes);
  bytes[0] = table;
  bytes.writeUInt32BE(cell, 1);
  return bytes;
}

/** A message's or a lease's place. */
export function sequenceKey(table: number, cell: number, sequence: number): Buffer {
  const bytes = Buffer.allocUnsafe(cellBytes + wholeBytes);
  bytes[0] = table;
  bytes.writeUInt32BE(cell, 1);
  writeWhole(bytes, cellBytes, sequence);
  return bytes;
}

/** The sequence at the end of a key. */
export function sequenceOfKey(key: Uint8Array): number {
  return readWhole(key, key.length - wholeBytes);
}

export function cellOfKey(key: Uint8Array): number {
  return bufferOf(key).readUInt32BE(1);
}

/** A text of a cell: an id or a key. */
export function cellTextKey(table: number, cell: number, text: string): Buffer {
  const bytes = textBytes(`     ${text}`);
  bytes[0] = table;
  bytes.writeUInt32BE(cell, 1);
  return bytes;
}

/** The place of a message that is held; without a sequence, where those of its key begin. */
export function heldKey(cell: number, key: string, sequence?: number): Buffer {
  const start = cellTextKey(queueTables.held, cell, `${key}\0`);
  if (sequence === undefined) return start;
  const bytes = Buffer.allocUnsafe(start.length + wholeBytes);
  start.copy(bytes);
  writeWhole(bytes, start.length, sequence);
  return bytes;
}

const waitingBytes = cellBytes + 1 + wholeBytes + wholeBytes + 1;

export function waitingKey(cell: number, { lane, readyAtMs, turn, wasOut }: WaitingPlace): Buffer {
  const bytes = Buffer.allocUnsafe(waitingBytes);
  bytes[0] = queueTables.waiting;
  bytes.writeUInt32BE(cell, 1);
  bytes[cellBytes] = lane;
  writeWhole(bytes, cellBytes + 1, readyAtMs);
  writeWhole(bytes, cellBytes + 1 + wholeBytes, turn);
  bytes[waitingBytes - 1] = wasOut ? 1 : 0;
  return bytes;
}

/** What a {@link waitingKey} says. */
export function placeOfWaitingKey(key: Uint8Array): WaitingPlace {
  return {
    lane: key[cellBytes] as number,
    readyAtMs: readWhole(key, cellBytes + 1),
    turn: readWhole(key, cellBytes + 1 + wholeBytes),
    wasOut: key[waitingBytes - 1] === 1,
  };
}

/** What in a lane is ready before a time lies before this. */
export function waitingBound(cell: number, lane: number, readyAtMs: number): Buffer {
  return waitingKey(cell, { lane, readyAtMs, turn: 0, wasOut: false });
}

/** When something of a table is gone. */
export function timeKey(atMs: number, key: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(1 + wholeBytes + key.length);
  bytes[0] = queueTables.time;
  writeWhole(bytes, 1, wholeTime(atMs));
  bytes.set(key, 1 + wholeBytes);
  return bytes;
}

/** The time and the key of {@link timeKey}. */
export function ofTimeKey(key: Uint8Array): { readonly atMs: number; readonly key: Uint8Array } {
  return { atMs: readWhole(key, 1), key: key.subarray(1 + wholeBytes) };
}

/** A time in whole milliseconds, rounded up, so that nothing comes before it. */
export function wholeTime(ms: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.ceil(ms)));
}

/** Behind all keys that begin with these bytes. */
export function behindAll(start: Uint8Array): Buffer {
  const end = Buffer.from(start);
  let last = end.length - 1;
  while (end[last] === 0xff) end[last--] = 0;
  end[last] = (end[last] as number) + 1;
  return end;
}

export function writeWhole(bytes: Buffer, offset: number, value: number): void {
  bytes.writeUIntBE(Math.floor(value / 2 ** 32), offset, 3);
  bytes.writeUInt32BE(value >>> 0, offset + 3);
}

export function readWhole(bytes: Uint8Array, offset: number): number {
  const buffer = bufferOf(bytes);
  return buffer.readUIntBE(offset, 3) * 2 ** 32 + buffer.readUInt32BE(offset + 3);
}

export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
