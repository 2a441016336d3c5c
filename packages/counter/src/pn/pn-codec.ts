import { QuorateError } from '@quorate/core';
import { int64Max } from '../int64.ts';
import type { PnRecord, PnRecords, Taken, Tally } from './pn-record.ts';

/**
 * The format of a state, version 1: the version, then a list of actors with their records. Lists begin with their length; numbers
 * are in base 128, lowest digits first (LEB128); texts are UTF-8 behind their length.
 *
 * @module
 */
const formatVersion = 1;

/** The longest id of an actor, in bytes: a name, a dot and 24 digits. */
const actorMaxBytes = 225;

export function encodePn(records: PnRecords): Uint8Array {
  const out: number[] = [formatVersion];
  writeNumber(out, BigInt(records.size));
  for (const [actor, { version, tally, taken, gone }] of records) {
    writeText(out, actor);
    writeNumber(out, BigInt(version));
    writeTally(out, tally);
    writeNumber(out, BigInt(taken.size));
    for (const [other, { covered, added }] of taken) {
      writeText(out, other);
      writeTally(out, covered);
      writeTally(out, added);
    }
    writeNumber(out, BigInt(gone.size));
    for (const other of gone) writeText(out, other);
  }
  return Uint8Array.from(out);
}

/** @throws QuorateError `PN_STATE_REFUSED` */
export function decodePn(bytes: Uint8Array, actorsMax: number): Map<string, PnRecord> {
  if (!(bytes instanceof Uint8Array))
    throw new TypeError(`State must be a Uint8Array: received ${String(bytes)}`);
  const reader = new Reader(bytes);
  const format = reader.byte();
  if (format !== formatVersion) throw malformed(`its format is ${format}, not ${formatVersion}`);
  const records = reader.list(actorsMax, () => {
    const actor = reader.text();
    const version = reader.count(Number.MAX_SAFE_INTEGER);
    if (version === 0) throw malformed(`a record of "${actor}" has no version`);
    const tally = reader.tally();
    const taken = reader.list(actorsMax, () => [reader.text(), reader.taken()] as const);
    // Whoever has taken over so many, each survivor may have.
    const gone = reader.list(actorsMax ** 2, () => [reader.text(), true] as const);
    return [actor, { version, tally, taken, gone: new Set(gone.keys()) }] as const;
  });
  reader.end();
  return records;
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw malformed('it ends too early');
    return byte;
  }

  number(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) {
        if (value > int64Max) break;
        if (byte === 0 && shift > 0n) throw malformed('a number is longer than it need be');
        return value;
      }
    }
    throw malformed('a number is too large');
  }

  count(max: number): number {
    const value = this.number();
    if (value > BigInt(max)) throw malformed(`it has ${value} of something, more than ${max}`);
    return Number(value);
  }

  text(): string {
    const length = this.count(actorMaxBytes);
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    if (length === 0 || bytes.length < length) throw malformed('an actor is missing');
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch (cause) {
      throw malformed('an actor is not UTF-8', cause);
    }
  }

  tally(): Tally {
    return { plus: this.number(), minus: this.number() };
  }

  taken(): Taken {
    return { covered: this.tally(), added: this.tally() };
  }

  /** Pairs, each key once. */
  list<Value>(max: number, read: () => readonly [string, Value]): Map<string, Value> {
    const length = this.count(max);
    const pairs = new Map<string, Value>();
    for (let index = 0; index < length; index++) {
      const [key, value] = read();
      if (pairs.has(key)) throw malformed(`actor "${key}" stands there twice`);
      pairs.set(key, value);
    }
    return pairs;
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw malformed('there is more behind it');
  }
}

function writeNumber(out: number[], value: bigint): void {
  let rest = value;
  while (rest > 127n) {
    out.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  out.push(Number(rest));
}

function writeText(out: number[], text: string): void {
  const bytes = new TextEncoder().encode(text);
  writeNumber(out, BigInt(bytes.length));
  for (const byte of bytes) out.push(byte);
}

function writeTally(out: number[], { plus, minus }: Tally): void {
  writeNumber(out, plus);
  writeNumber(out, minus);
}

function malformed(why: string, cause?: unknown): QuorateError {
  return new QuorateError('PN_STATE_REFUSED', `State of a counter is refused: ${why}`, {
    outcome: 'not-applied',
    cause,
  });
}
