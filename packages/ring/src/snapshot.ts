import type { Settings, Table } from './placement.ts';
import type { NodeSpec } from './ring-node.ts';

/**
 * A ring as bytes that other threads can read without copying: pass it through `postMessage` or `workerData` and give
 * it to `Ring.attach`. It lives in the memory of one machine and is no format for disks or networks.
 */
export interface RingSnapshot {
  readonly buffer: SharedArrayBuffer | ArrayBuffer;
}

/** What a snapshot says about a ring besides its tables. */
export interface SnapshotHeader {
  readonly algorithm: string;
  readonly settings: Settings;
  readonly nodes: readonly NodeSpec[];
}

/*
 * Words of 32 bits in the machine's own byte order, then the header as JSON, then the tables, each on its own cache line.
 *
 *   0 magic | 1 version | 2 bytes in all | 3 bytes of JSON | JSON ... | table | table | ...
 */
const MAGIC = 0x474e5251;
const VERSION = 1;
const PREFIX_BYTES = 16;
const ALIGN_BYTES = 64;

const TABLE_TYPES = {
  u8: Uint8Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  f64: Float64Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
} as const;
type TableType = keyof typeof TABLE_TYPES;

type NodeRow = readonly [id: string, weight: number, zone: string | null];
interface Description {
  readonly algorithm: string;
  readonly settings: Settings;
  readonly nodes: readonly NodeRow[];
  readonly tables: readonly (readonly [type: TableType, length: number])[];
}

/** A snapshot before it has a place: how large it is, and how to write it. */
export interface SnapshotDraft {
  readonly bytes: number;
  /** Writes the snapshot to the first `bytes` bytes of `target`, which must be aligned to 8. */
  write(target: Uint8Array): void;
}

/** Lays a ring out as bytes. */
export function draftSnapshot(header: SnapshotHeader, tables: readonly Table[]): SnapshotDraft {
  const description: Description = {
    algorithm: header.algorithm,
    settings: header.settings,
    nodes: header.nodes.map(({ id, weight = 1, zone }) => [id, weight, zone ?? null]),
    tables: tables.map(table => [typeOf(table), table.length]),
  };
  const json = new TextEncoder().encode(JSON.stringify(description));
  const offsets: number[] = [];
  let end = PREFIX_BYTES + json.length;
  for (const table of tables) {
    const offset = Math.ceil(end / ALIGN_BYTES) * ALIGN_BYTES;
    offsets.push(offset);
    end = offset + table.byteLength;
  }
  const bytes = Math.ceil(end / 8) * 8;
  return {
    bytes,
    write(target) {
      const words = new Uint32Array(target.buffer, target.byteOffset, PREFIX_BYTES / 4);
      words.set([MAGIC, VERSION, bytes, json.length]);
      target.set(json, PREFIX_BYTES);
      tables.forEach((table, i) => {
        target.set(new Uint8Array(table.buffer, table.byteOffset, table.byteLength), offsets[i]);
      });
    },
  };
}

/**
 * Reads a snapshot; the tables are views of its memory, not copies.
 *
 * It checks that everything lies within the memory and is of a known kind, not what the tables say: that would read them
 * whole, in every thread.
 *
 * @throws TypeError on anything that `draftSnapshot` did not write, as far as that shows.
 */
export function readSnapshot(snapshot: RingSnapshot): SnapshotHeader & { readonly tables: readonly Table[] } {
  const { buffer } = snapshot;
  const words = buffer.byteLength < PREFIX_BYTES ? [] : [...new Uint32Array(buffer, 0, PREFIX_BYTES / 4)];
  const [magic, version, bytes = 0, jsonBytes = 0] = words;
  if (magic !== MAGIC)
    throw new TypeError(`Snapshot of ${buffer.byteLength} bytes is not a snapshot of a ring`);
  if (version !== VERSION) throw new TypeError(`Snapshot must have version ${VERSION}: received ${version}`);
  if (bytes > buffer.byteLength) {
    throw new TypeError(`Snapshot must have ${bytes} bytes: received ${buffer.byteLength}`);
  }
  try {
    return readParts(buffer, bytes, jsonBytes);
  } catch (cause) {
    throw new TypeError(`Snapshot of ${bytes} bytes is damaged`, { cause });
  }
}

/** @throws Whatever comes of bytes that are no snapshot. */
function readParts(
  buffer: RingSnapshot['buffer'],
  bytes: number,
  jsonBytes: number,
): SnapshotHeader & { readonly tables: readonly Table[] } {
  // Decoders refuse shared memory, so the JSON is copied out first.
  const json = new Uint8Array(buffer, PREFIX_BYTES, jsonBytes).slice();
  const { algorithm, settings, ...rest } = JSON.parse(new TextDecoder().decode(json)) as Description;
  let end = PREFIX_BYTES + jsonBytes;
  const tables = rest.tables.map(([type, length]) => {
    const offset = Math.ceil(end / ALIGN_BYTES) * ALIGN_BYTES;
    const table = new TABLE_TYPES[type](buffer as ArrayBuffer, offset, length);
    end = offset + table.byteLength;
    return table;
  });
  if (end > bytes) throw new RangeError(`Tables end at byte ${end}`);
  const nodes = rest.nodes.map(([id, weight, zone]) => ({ id, weight, zone: zone ?? undefined }));
  return { algorithm, settings, nodes, tables };
}

function typeOf(table: Table): TableType {
  const types = Object.entries(TABLE_TYPES) as [TableType, unknown][];
  const entry = types.find(([, constructor]) => table.constructor === constructor);
  if (entry === undefined)
    throw new TypeError(`Table of type ${table.constructor.name} has no place in a snapshot`);
  return entry[0];
}
