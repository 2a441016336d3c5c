import { type Field, type Fields, type Layout, type Scalar, layOut, scalarBytes } from './struct-layout.ts';

/** The typed array that shows a field of a kind. */
export interface ArrayOf<B extends ArrayBufferLike> {
  int32: Int32Array<B>;
  uint32: Uint32Array<B>;
  int64: BigInt64Array<B>;
  uint64: BigUint64Array<B>;
  float64: Float64Array<B>;
  uint8: Uint8Array<B>;
}

type KindOf<F extends Field> = F extends readonly [infer K extends Scalar, number]
  ? K
  : F extends Scalar
    ? F
    : never;

/** All groups' fields in one. */
type Merged<G extends Fields | readonly Fields[]> = G extends readonly Fields[] ? Intersection<G[number]> : G;
type Intersection<U> = (U extends unknown ? (union: U) => void : never) extends (all: infer I) => void
  ? I
  : never;

type Views<F, B extends ArrayBufferLike> = {
  readonly [Name in keyof F]: F[Name] extends Field ? ArrayOf<B>[KindOf<F[Name]>] : never;
};

/** The views of one struct in memory: a typed array per field, of length 1 for a scalar. */
export type StructView<
  S extends { readonly fields: unknown },
  B extends ArrayBufferLike = SharedArrayBuffer,
> = Views<S['fields'], B>;

/** One field of all structs in an array: element `i` is `words[first + i * stride]`. */
export interface Column<Words> {
  readonly words: Words;
  readonly first: number;
  readonly stride: number;
}

/** A layout of fields in memory, made by {@link defineStruct}. */
export interface Struct<F> {
  /** The fields' kinds; there for the types. */
  readonly fields: F;
  /** Bytes that one struct takes, which is the distance between two in an array. */
  readonly size: number;
  /** What the byte offset of a struct must be a multiple of. */
  readonly align: number;
  /** The fields' byte offsets within the struct. */
  readonly offsets: { readonly [Name in keyof F]: number };

  /**
   * Shows the struct at `byteOffset` of a buffer. Make it once and keep it: reading and writing through it allocates nothing.
   *
   * @throws RangeError when it does not fit, or `byteOffset` is not a multiple of `align`
   */
  view<B extends ArrayBufferLike>(buffer: B, byteOffset?: number): Views<F, B>;

  /**
   * Shows one field of `count` structs that lie one after the other. For long arrays, where a view of each would be wasteful.
   *
   * @throws RangeError when they do not fit, or `byteOffset` is not a multiple of `align`
   */
  column<B extends ArrayBufferLike, Name extends keyof F & string>(
    buffer: B,
    name: Name,
    count: number,
    byteOffset?: number,
  ): Column<Views<F, B>[Name]>;
}

/** How a struct is laid out. */
export interface StructOptions {
  /** Keeps neighbours in an array off each other's cache lines. Several groups imply it. Default `false`. */
  readonly isolate?: boolean | undefined;
  /** Bytes of a cache line. Default 64; Apple's processors have 128. */
  readonly lineBytes?: number | undefined;
}

/**
 * Lays fields out in memory that threads share.
 *
 * Give one object of fields, or a list of them: one group for each thread that writes. Groups never share a cache line, since
 * two threads that write to one line slow each other down even in different words. Each field is a kind, or `[kind, length]`
 * for an array; `['uint8', n]` are bytes.
 *
 * A view is plain typed arrays, so `Atomics.load(ring.head, 0)` is all there is on the hot path.
 *
 * @throws TypeError for a kind that there is not, or a field named twice
 */
export function defineStruct<const G extends Fields | readonly Fields[]>(
  groups: G,
  options: StructOptions = {},
): Struct<Merged<G>> {
  const list = Array.isArray(groups) ? (groups as readonly Fields[]) : [groups as Fields];
  const layout = layOut(list, options.isolate ?? list.length > 1, options.lineBytes ?? 64);
  return new LaidOutStruct(layout) as unknown as Struct<Merged<G>>;
}

class LaidOutStruct {
  readonly fields: Fields;
  readonly size: number;
  readonly align: number;
  readonly offsets: Readonly<Record<string, number>>;

  constructor({ fields, size, align, offsets }: Layout) {
    this.fields = fields;
    this.size = size;
    this.align = align;
    this.offsets = offsets;
  }

  view(buffer: ArrayBufferLike, byteOffset = 0): Record<string, ArrayBufferView> {
    this.#check(buffer, 1, byteOffset);
    const view: Record<string, ArrayBufferView> = {};
    for (const [name, field] of Object.entries(this.fields)) {
      const [kind, length] = typeof field === 'string' ? ([field, 1] as const) : field;
      view[name] = new arrays[kind](buffer, byteOffset + (this.offsets[name] as number), length);
    }
    return view;
  }

  column(buffer: ArrayBufferLike, name: string, count: number, byteOffset = 0): Column<ArrayBufferView> {
    this.#check(buffer, count, byteOffset);
    const field = this.fields[name];
    if (field === undefined) throw new TypeError(`Field must be one of the struct's: received "${name}"`);
    const kind = typeof field === 'string' ? field : field[0];
    const bytes = scalarBytes[kind];
    return {
      words: new arrays[kind](buffer, byteOffset, (count * this.size) / bytes),
      first: (this.offsets[name] as number) / bytes,
      stride: this.size / bytes,
    };
  }

  #check(buffer: ArrayBufferLike, count: number, byteOffset: number): void {
    if (!Number.isInteger(count) || count < 0)
      throw new RangeError(`Count must be an integer of at least 0: received ${count}`);
    if (!Number.isInteger(byteOffset) || byteOffset < 0 || byteOffset % this.align !== 0) {
      throw new RangeError(`Byte offset must be a multiple of ${this.align}: received ${byteOffset}`);
    }
    const end = byteOffset + count * this.size;
    if (end > buffer.byteLength)
      throw new RangeError(`Buffer must have at least ${end} bytes: it has ${buffer.byteLength}`);
  }
}

/** A constructor of views, whatever the kind. */
type ViewOver = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => ArrayBufferView;

const arrays: Readonly<Record<Scalar, ViewOver>> = {
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float64: Float64Array,
  uint8: Uint8Array,
};
