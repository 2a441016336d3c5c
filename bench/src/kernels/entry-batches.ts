import { groupId, type LogEntry, logIndex, type Random, term } from '@quorate/core';
import { decodeEntries, encodeEntries, entryBatchBytes } from '@quorate/transport';
import protobuf from 'protobufjs';
import type { Context, Kernel, Setup } from '../suite.ts';

const entriesPerBatch = 64;
const payloadBytes = 100;
/** Different batches, taken in turn. */
const batches = 32;
const group = groupId(7);

/** What a protocol of replication would say in protobuf about the same fields. */
const schema = `syntax = "proto3";
message Entry { uint64 index = 1; uint64 term = 2; uint32 kind = 3; bytes payload = 4; }
message Batch { uint32 group = 1; repeated Entry entries = 2; }`;

/** How a format writes and reads a batch. */
interface Codec {
  readonly encode: (entries: readonly LogEntry[]) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => readonly Decoded[];
}

/** The fields of an entry; 64 bits are a number or an object of its parts. */
interface Decoded {
  readonly index: number | { readonly low: number };
  readonly term: number | { readonly low: number };
  readonly kind: number;
  readonly payload: Uint8Array;
}

/** What protobufjs finds by itself. */
const longPackage: unknown = protobuf.util.Long;

/** Ours, into one buffer that is written over and over. */
export function ours(checksum: boolean): Codec {
  const target = new Uint8Array(entriesPerBatch * (payloadBytes + 64));
  return {
    encode: entries => target.subarray(0, encodeEntries(target, 0, group, entries, { checksum })),
    decode: oursDecode,
  };
}

/** Ours, into a new buffer for each batch. */
export function oursAnew(): Codec {
  return {
    encode(entries) {
      const target = new Uint8Array(entryBatchBytes(entries));
      encodeEntries(target, 0, group, entries, { checksum: false });
      return target;
    },
    decode: oursDecode,
  };
}

function oursDecode(bytes: Uint8Array): readonly Decoded[] {
  const batch = decodeEntries(bytes);
  if (batch.fault !== undefined) throw new Error(`Batch must be sound: ${batch.fault}`);
  return batch.entries;
}

/**
 * protobufjs as its users have it: types from a schema, whose coders it compiles itself.
 *
 * @param long whether 64 bits are read as objects of the `long` package, as by default, or as numbers
 */
export function protobufjs(long: boolean): Codec {
  // Typed as if it were always there; this is the documented way to do without. It is one setting for the whole process.
  (protobuf.util as { Long: unknown }).Long = long ? longPackage : undefined;
  protobuf.configure();
  const type = protobuf.parse(schema).root.lookupType('Batch');
  return {
    encode: entries => type.encode({ group, entries } as object).finish(),
    decode: bytes => (type.decode(bytes) as unknown as { entries: Decoded[] }).entries,
  };
}

/** Encodes a batch after the other. */
export const encoding =
  (make: () => Codec): Setup =>
  context => {
    const codec = make();
    const made = madeBatches(context);
    for (const entries of made) checkEqual(codec.decode(codec.encode(entries)), entries);
    return kernel(() => {
      let sum = 0;
      for (const entries of made) {
        const bytes = codec.encode(entries);
        sum = (Math.imul(sum, 31) + bytes.length + (bytes[bytes.length - 1] as number)) | 0;
      }
      return sum;
    });
  };

/** Decodes a batch after the other; every field of every entry is read, and a byte of its payload. */
export const decoding =
  (make: () => Codec): Setup =>
  context => {
    const codec = make();
    const made = madeBatches(context);
    const encoded = made.map(entries => codec.encode(entries).slice());
    for (const [at, bytes] of encoded.entries()) checkEqual(codec.decode(bytes), made[at] ?? []);
    return kernel(() => {
      let sum = 0;
      for (const bytes of encoded) {
        for (const { index, term: inTerm, kind, payload } of codec.decode(bytes)) {
          sum =
            (Math.imul(sum, 31) + low(index) + low(inTerm) + kind + (payload[payloadBytes - 1] as number)) |
            0;
        }
      }
      return sum;
    });
  };

function kernel(run: () => number): Kernel {
  return { ops: batches, run };
}

function madeBatches(context: Context): readonly LogEntry[][] {
  const random = context.random('entries');
  return Array.from({ length: batches }, (_, batch) =>
    Array.from({ length: entriesPerBatch }, (__, at) => entryOf(random, batch * entriesPerBatch + at)),
  );
}

function entryOf(random: Random, at: number): LogEntry {
  const payload = random.bytes(payloadBytes);
  return { index: logIndex(1_000_000 + at), term: term(1 + (at >> 8)), kind: at % 3, payload };
}

function low(value: Decoded['index']): number {
  return typeof value === 'number' ? value : value.low;
}

/** A coder that loses something would be fast for nothing. */
function checkEqual(decoded: readonly Decoded[], entries: readonly LogEntry[]): void {
  const same =
    decoded.length === entries.length &&
    entries.every((entry, at) => {
      const { index, term: inTerm, kind, payload } = decoded[at] as Decoded;
      return (
        low(index) === entry.index &&
        low(inTerm) === entry.term &&
        kind === entry.kind &&
        Buffer.compare(payload, entry.payload) === 0
      );
    });
  if (!same) throw new Error('Batch must come back as it was');
}
