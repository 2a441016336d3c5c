/** One of the fields of a cron expression: what it counts, and by which names its values go. */
export interface FieldKind {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Where `*` and a step without an end stop, where that is before `max`: Sunday's second number begins no new round. */
  readonly openMax?: number;
  /** The first is `min`. */
  readonly names?: readonly string[];
}

/**
 * Reads a list of values, ranges and steps, such as `1,5-20/3,*` + `/15`, into the set of its values in order.
 *
 * A range ends where it begins or later; a step after a single value runs to the end of the field.
 *
 * @throws RangeError that names the field and the part
 */
export function parseField(text: string, kind: FieldKind): readonly number[] {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    for (const value of rangeOf(part, kind)) values.add(value);
  }
  return [...values].sort((one, other) => one - other);
}

/** A number or a name of the field. @throws RangeError outside of its limits */
export function parseValue(text: string, kind: FieldKind): number {
  const place = kind.names?.indexOf(text.toUpperCase()) ?? -1;
  const value = place >= 0 ? kind.min + place : /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= kind.min && value <= kind.max) return value;
  const names = kind.names === undefined ? '' : ` or a name such as ${kind.names[0]}`;
  throw new RangeError(
    `Cron field "${kind.name}" must have values from ${kind.min} to ${kind.max}${names}: received "${text}"`,
  );
}

function* rangeOf(part: string, kind: FieldKind): Iterable<number> {
  const [range = '', stepText, ...rest] = part.split('/');
  if (rest.length > 0)
    throw new RangeError(`Cron field "${kind.name}" must have one step: received "${part}"`);
  const step = stepText === undefined ? 1 : stepOf(stepText, part, kind);
  let [from, to] = [kind.min, kind.openMax ?? kind.max];
  if (range !== '*') {
    const [first = '', last, ...more] = range.split('-');
    if (more.length > 0)
      throw new RangeError(`Cron field "${kind.name}" must have ranges a-b: received "${part}"`);
    from = parseValue(first, kind);
    if (last !== undefined) to = endOf(last, from, kind);
    else if (stepText === undefined) to = from;
    if (to < from)
      throw new RangeError(
        `Cron field "${kind.name}" must have ranges that do not run back: received "${part}"`,
      );
  }
  for (let value = from; value <= to; value += step) yield value;
}

/** Where Sunday is 0 and 7, a range that ends with it ends with the 7. */
function endOf(text: string, from: number, kind: FieldKind): number {
  const value = parseValue(text, kind);
  return kind.openMax !== undefined && value === kind.min && from > value ? kind.max : value;
}

function stepOf(text: string, part: string, kind: FieldKind): number {
  const step = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (step >= 1) return step;
  throw new RangeError(`Cron field "${kind.name}" must have a step of at least 1: received "${part}"`);
}
