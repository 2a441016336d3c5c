/**
 * A binary form for what requests and answers are made of: nothing, booleans, numbers, 64-bit integers, texts, bytes, lists and
 * records. Each value is a kind of one byte and what belongs to it; lengths and counts are 32-bit, little-endian as all else.
 *
 * Whatever comes in is made into such values or refused: a length beyond the message, a kind that is none and lists within lists
 * beyond a depth cost the message, and nothing else.
 */

const kinds = {
  nothing: 0,
  no: 1,
  yes: 2,
  number: 3,
  integer: 4,
  text: 5,
  bytes: 6,
  list: 7,
  record: 8,
} as const;

/** How deep lists and records may lie within each other. */
const depthMax = 16;

/** What can be sent. */
export type WireValue =
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly WireValue[]
  | { readonly [name: string]: WireValue };

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes for a value. Fields that are undefined are left out. */
export function encodeValue(value: WireValue): Uint8Array {
  const writer = new Writer();
  writer.value(value);
  return writer.bytes();
}

/** @throws RangeError where the bytes are no value, or more than one */
export function decodeValue(bytes: Uint8Array): WireValue {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  reader.end();
  return value;
}

class Writer {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  value(value: WireValue): void {
    if (value === undefined) this.#byte(kinds.nothing);
    else if (typeof value === 'boolean') this.#byte(value ? kinds.yes : kinds.no);
    else if (typeof value === 'number') {
      this.#byte(kinds.number);
      const at = this.#take(8);
      this.#view.setFloat64(at, value, true);
    } else if (typeof value === 'bigint') {
      this.#byte(kinds.integer);
      const at = this.#take(8);
      this.#view.setBigInt64(at, value, true);
    } else if (typeof value === 'string') this.#data(kinds.text, encoder.encode(value));
    else if (value instanceof Uint8Array) this.#data(kinds.bytes, value);
    else if (Array.isArray(value)) this.#list(value as readonly WireValue[]);
    else this.#record(value as { readonly [name: string]: WireValue });
  }

  #list(items: readonly WireValue[]): void {
    this.#count(kinds.list, items.length);
    for (const item of items) this.value(item);
  }

  #record(record: { readonly [name: string]: WireValue }): void {
    const fields = Object.entries(record).filter(([, field]) => field !== undefined);
    this.#count(kinds.record, fields.length);
    for (const [name, field] of fields) {
      this.value(name);
      this.value(field);
    }
  }

  #data(kind: number, data: Uint8Array): void {
    this.#count(kind, data.length);
    const at = this.#take(data.length);
    this.#bytes.set(data, at);
  }

  #count(kind: number, count: number): void {
    this.#byte(kind);
    const at = this.#take(4);
    this.#view.setUint32(at, count, true);
  }

  #byte(byte: number): void {
    const at = this.#take(1);
    this.#bytes[at] = byte;
  }

  /** Makes room, and says where. The bytes and their view may be others afterwards. */
  #take(length: number): number {
    const at = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const bytes = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length));
      bytes.set(this.#bytes.subarray(0, at));
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer);
    }
    return at;
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw malformed(`${this.#bytes.length - this.#at} bytes too many`);
  }

  value(depth: number): WireValue {
    const kind = this.#bytes[this.#take(1)];
    if (kind === kinds.nothing) return undefined;
    if (kind === kinds.no || kind === kinds.yes) return kind === kinds.yes;
    if (kind === kinds.number) return this.#view.getFloat64(this.#take(8), true);
    if (kind === kinds.integer) return this.#view.getBigInt64(this.#take(8), true);
    const count = this.#view.getUint32(this.#take(4), true);
    if (kind === kinds.text) return this.#text(count);
    if (kind === kinds.bytes) return new Uint8Array(this.#data(count));
    if (kind !== kinds.list && kind !== kinds.record) throw malformed(`a kind ${kind}`);
    if (depth === depthMax) throw malformed(`more than ${depthMax} lists within lists`);
    return kind === kinds.list ? this.#list(count, depth + 1) : this.#record(count, depth + 1);
  }

  #text(length: number): string {
    try {
      return decoder.decode(this.#data(length));
    } catch (cause) {
      throw malformed('a text that is no UTF-8', cause);
    }
  }

  #list(count: number, depth: number): WireValue[] {
    const items: WireValue[] = [];
    for (let index = 0; index < count; index++) items.push(this.value(depth));
    return items;
  }

  #record(count: number, depth: number): { readonly [name: string]: WireValue } {
    const fields: [string, WireValue][] = [];
    for (let index = 0; index < count; index++) {
      const name = this.value(depth);
      if (typeof name !== 'string') throw malformed('a field without a name');
      fields.push([name, this.value(depth)]);
    }
    return Object.fromEntries(fields);
  }

  #data(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) throw malformed('an end before its end');
    this.#at += length;
    return at;
  }
}

function malformed(what: string, cause?: unknown): RangeError {
  return new RangeError(`Message must be a value: received ${what}`, cause === undefined ? {} : { cause });
}
