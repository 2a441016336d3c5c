/** What a field can hold. `int32` is what threads can park on. */
export type Scalar = 'int32' | 'uint32' | 'int64' | 'uint64' | 'float64' | 'uint8';

/** A field: one value, or as many as `length` says. */
export type Field = Scalar | readonly [kind: Scalar, length: number];

/** Fields by name, in their order in memory. */
export type Fields = Readonly<Record<string, Field>>;

/** Bytes of one value of each kind. */
export const scalarBytes: Readonly<Record<Scalar, number>> = {
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float64: 8,
  uint8: 1,
};

/** Where fields lie. */
export interface Layout {
  readonly fields: Fields;
  readonly size: number;
  readonly align: number;
  readonly offsets: Readonly<Record<string, number>>;
}

/**
 * What the memory of a buffer is aligned to. Not to a cache line: engines get it from an allocator that promises 16 bytes and
 * no more, and large blocks lie 16 bytes behind the start of a page.
 */
const bufferAlign = 16;

/** Places the groups one after the other; see {@link isolated} for what lies between them. */
export function layOut(groups: readonly Fields[], isolate: boolean, lineBytes: number): Layout {
  if (!Number.isInteger(lineBytes) || lineBytes < bufferAlign || lineBytes % bufferAlign !== 0)
    throw new RangeError(`Cache line must be a multiple of ${bufferAlign} bytes: received ${lineBytes}`);
  const fields: Record<string, Field> = {};
  const offsets: Record<string, number> = {};
  let align = isolate ? bufferAlign : 1;
  let end = 0;
  for (const [index, group] of groups.entries()) {
    if (index > 0) end = isolated(end, lineBytes);
    for (const [name, field] of Object.entries(group)) {
      if (Object.hasOwn(fields, name))
        throw new TypeError(`Field must be named once: "${name}" is in two groups`);
      const { bytes, length } = measure(name, field);
      fields[name] = field;
      offsets[name] = roundUp(end, bytes);
      end = roundUp(end, bytes) + bytes * length;
      align = Math.max(align, bytes);
    }
  }
  return { fields, offsets, align, size: isolate ? isolated(end, lineBytes) : roundUp(end, align) };
}

/**
 * The first offset that is on another cache line than everything before `end`, wherever the line boundaries fall.
 *
 * Boundaries can fall before any multiple of 16 bytes, so what comes before ends at worst in the last 16 bytes of a line, and
 * a whole line must lie between the start of those and the next group. Short groups thus are 64 bytes apart.
 */
function isolated(end: number, lineBytes: number): number {
  return roundUp(end, bufferAlign) + lineBytes - bufferAlign;
}

function measure(name: string, field: Field): { bytes: number; length: number } {
  const [kind, length] = typeof field === 'string' ? ([field, 1] as const) : field;
  const bytes = scalarBytes[kind] as number | undefined;
  if (bytes === undefined)
    throw new TypeError(
      `Kind of field "${name}" must be one of ${Object.keys(scalarBytes).join(', ')}: received ${kind}`,
    );
  if (!Number.isInteger(length) || length < 1)
    throw new RangeError(`Length of field "${name}" must be an integer of at least 1: received ${length}`);
  return { bytes, length };
}

function roundUp(offset: number, multiple: number): number {
  return Math.ceil(offset / multiple) * multiple;
}
