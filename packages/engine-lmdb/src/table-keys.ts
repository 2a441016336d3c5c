import { partitionOf } from '@quorate/core';

/**
 * Where things lie in the database: each table under a first byte of its own, so that one tree holds all and a transaction touches
 * few pages. Texts are UTF-8, whose byte order is that of code points; keys hold no NUL, so NUL ends them where more follows.
 *
 * | table | key | value |
 * |---|---|---|
 * | `M` | | the root: counters that every write reads |
 * | `F` | | the format of all this, and the database's durability |
 * | `E` | key | an entry |
 * | `O` | folder of the key, NUL, creation, rest of the key | nothing: the order of creation in a folder |
 * | `K` | session, key | nothing: what ends with a session |
 * | `S` | session | a session that lives |
 * | `D` | session | nothing: a dead session that still has entries |
 * | `P` | session, partition | the last operation of the session that took effect there |
 * | `C` | slot | a change; a ring of the latest |
 * | `W`, `X` | prefix, session | who wants to be woken of changes, of a session's end |
 * | `L` | partition | how many prefixes of each length are watched there |
 * | `H` | host | a thread that has the database open |
 * | `R` | partition | its last change: revision and number |
 */
export const tables = {
  root: 0x4d,
  format: 0x46,
  entry: 0x45,
  order: 0x4f,
  bySession: 0x4b,
  session: 0x53,
  dead: 0x44,
  operation: 0x50,
  change: 0x43,
  watch: 0x57,
  observed: 0x58,
  lengths: 0x4c,
  host: 0x48,
  partition: 0x52,
} as const;

/** The first byte of a table. */
export type Table = (typeof tables)[keyof typeof tables];

const sessionHeadBytes = 3;

/** A text in a table. */
export function textKey(table: Table, text: string): Uint8Array {
  const bytes = Buffer.from(` ${text}`, 'utf8');
  bytes[0] = table;
  return bytes;
}

/** The text of {@link textKey}. */
export function textOfKey(key: Uint8Array): string {
  return utf8(key, 1, key.length);
}

/** A session and a text that belongs to it; the session's length goes before it, for nothing is forbidden in it. */
export function sessionKey(table: Table, session: string, text: string): Uint8Array {
  const sessionBytes = Buffer.byteLength(session, 'utf8');
  const bytes = Buffer.from(`   ${session}${text}`, 'utf8');
  bytes[0] = table;
  bytes.writeUInt16BE(sessionBytes, 1);
  return bytes;
}

/** The text of a {@link sessionKey}. */
export function textOfSessionKey(key: Uint8Array): string {
  const sessionBytes = ((key[1] as number) << 8) | (key[2] as number);
  return utf8(key, sessionHeadBytes + sessionBytes, key.length);
}

/** The place of an entry in its folder's order. */
export function orderKey(key: string, created: number): Uint8Array {
  const folder = folderOf(key);
  const folderBytes = Buffer.byteLength(folder, 'utf8');
  // Nine NULs hold the place of the separator and the creation.
  const bytes = Buffer.from(` ${folder}\0\0\0\0\0\0\0\0\0${key.slice(folder.length)}`, 'utf8');
  bytes[0] = tables.order;
  writeWhole(bytes, folderBytes + 2, created);
  return bytes;
}

/** Up to where in a folder's order things were created before a revision. */
export function orderBound(folder: string, created: number): Uint8Array {
  const folderBytes = Buffer.byteLength(folder, 'utf8');
  const bytes = Buffer.from(` ${folder}\0\0\0\0\0\0\0\0\0`, 'utf8');
  bytes[0] = tables.order;
  writeWhole(bytes, folderBytes + 2, Math.min(created, Number.MAX_SAFE_INTEGER));
  return bytes;
}

/** What an {@link orderKey} says. */
export function placeOfOrderKey(key: Uint8Array): { folder: string; created: number; key: string } {
  const end = key.indexOf(0, 1);
  const folder = utf8(key, 1, end);
  const view = new DataView(key.buffer, key.byteOffset);
  const created = view.getUint32(end + 1) * 2 ** 32 + view.getUint32(end + 5);
  return { folder, created, key: folder + utf8(key, end + 9, key.length) };
}

/** A number in a table. */
export function numberKey(table: Table, number: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(5);
  bytes[0] = table;
  bytes.writeUInt32BE(number, 1);
  return bytes;
}

/** Behind all keys that begin with this one: UTF-8 has no byte 0xff. */
export function behind(key: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(key.length + 1);
  bytes.set(key);
  bytes[key.length] = 0xff;
  return bytes;
}

/** Whether a key lies under a prefix: one of a single segment is a whole partition, and none whose name only goes on. */
export function isUnder(prefix: string, key: string): boolean {
  if (!key.startsWith(prefix)) return false;
  return prefix.includes('/') || key.length === prefix.length || key[prefix.length] === '/';
}

/** How many slashes there are in a folder's name. */
export function depthOf(folder: string): number {
  let depth = 0;
  for (let at = folder.indexOf('/'); at !== -1; at = folder.indexOf('/', at + 1)) depth++;
  return depth;
}

/** A key up to and with its last slash: entries are kept in order folder by folder. */
export function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1);
}

/** The table of watched lengths that belongs to a prefix. */
export function lengthsKey(prefix: string): Uint8Array {
  return textKey(tables.lengths, partitionOf(prefix));
}

function writeWhole(bytes: Buffer, offset: number, value: number): void {
  bytes.writeUInt32BE(Math.floor(value / 2 ** 32), offset);
  bytes.writeUInt32BE(value >>> 0, offset + 4);
}

function utf8(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8', start, end);
}
