/**
 * How the replicated map is written to and asked: commands, replies, queries and answers as bytes.
 *
 * ```text
 * command  kind 1 · key length 2 · key · value        reply   outcome 1 · version 6
 * query    key                                        answer  nothing, or version 6 · value
 * ```
 *
 * Numbers are big-endian. A version is the index of the log entry that stored the value, so versions grow over all keys,
 * deletions and leaders, and nobody has to keep one for a key that is gone.
 */
export type MapCommand =
  | { readonly kind: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly kind: 'delete'; readonly key: string };

/** What a command came to. `full`: there is no room for the value, and nothing has changed. */
export interface MapReply {
  readonly outcome: 'created' | 'replaced' | 'deleted' | 'absent' | 'full';
  readonly version: number;
}

/** What a key holds. */
export interface MapEntry {
  readonly version: number;
  readonly value: Uint8Array;
}

const kinds = ['put', 'delete'] as const;
const outcomes = ['created', 'replaced', 'deleted', 'absent', 'full'] as const;
const commandHeadBytes = 3;
const versionBytes = 6;

export function encodeCommand(command: MapCommand): Uint8Array {
  const key = Buffer.from(command.key);
  const head = Buffer.alloc(commandHeadBytes);
  head.writeUInt8(kinds.indexOf(command.kind), 0);
  head.writeUInt16BE(key.length, 1);
  return Buffer.concat(command.kind === 'put' ? [head, key, command.value] : [head, key]);
}

/** The value is a copy. @throws RangeError for bytes that are no command */
export function decodeCommand(bytes: Uint8Array): MapCommand {
  const view = bufferOver(bytes);
  const kind = kinds[view.readUInt8(0)];
  const valueAt = commandHeadBytes + view.readUInt16BE(1);
  if (kind === undefined || valueAt > view.length) {
    throw new RangeError(`Command must be a put or a delete of a key: received ${view.length} other bytes`);
  }
  const key = view.toString('utf8', commandHeadBytes, valueAt);
  // Not `slice`, which is no copy where the bytes are a Buffer.
  return kind === 'put' ? { kind, key, value: new Uint8Array(view.subarray(valueAt)) } : { kind, key };
}

export function encodeReply({ outcome, version }: MapReply): Uint8Array {
  const bytes = Buffer.alloc(1 + versionBytes);
  bytes.writeUInt8(outcomes.indexOf(outcome), 0);
  bytes.writeUIntBE(version, 1, versionBytes);
  return bytes;
}

/** @throws RangeError for bytes that are no reply */
export function decodeReply(bytes: Uint8Array): MapReply {
  const view = bufferOver(bytes);
  const outcome = outcomes[view.readUInt8(0)];
  if (outcome === undefined) throw new RangeError('Reply must have an outcome: received another number');
  return { outcome, version: view.readUIntBE(1, versionBytes) };
}

export function encodeAnswer(entry: MapEntry | undefined): Uint8Array {
  if (entry === undefined) return new Uint8Array(0);
  const head = Buffer.alloc(versionBytes);
  head.writeUIntBE(entry.version, 0, versionBytes);
  return Buffer.concat([head, entry.value]);
}

export function decodeAnswer(bytes: Uint8Array): MapEntry | undefined {
  if (bytes.length === 0) return undefined;
  return { version: bufferOver(bytes).readUIntBE(0, versionBytes), value: bytes.subarray(versionBytes) };
}

/** The same memory, with a Buffer's methods. */
export function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
