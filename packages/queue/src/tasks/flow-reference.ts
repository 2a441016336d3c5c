import { jsonBytes, jsonValue } from './json-bytes.ts';

declare const referenced: unique symbol;

/**
 * Stands for the result of the step before, or for a part of it, where the input of the next is made up: the input is data that any
 * worker can fill in, so a function cannot look into a result that is not there yet.
 */
export type Reference<Value> = { readonly [referenced]: Value } & (Value extends object
  ? { readonly [Key in keyof Value]: Reference<Value[Key]> }
  : unknown);

/** An input whose parts may be references. */
export type Bound<Value> =
  | Value
  | Reference<Value>
  | (Value extends object ? { readonly [Key in keyof Value]: Bound<Value[Key]> } : never);

type Path = readonly (string | number)[];

/** An input with holes, and what is to be put into each: its place in the input, and the part of the result. */
export interface Template {
  readonly value?: unknown;
  readonly holes: readonly (readonly [place: Path, part: Path])[];
}

const pathOf = Symbol('path');
const depthMax = 100;

/** As many items of a result of unknown length can be taken one by one. */
const itemsMax = 100;

/**
 * A reference to a whole result.
 *
 * @param length of a result that is an array, where that is known
 */
export function referenceTo<Value>(length?: number): Reference<Value> {
  return referenceAt([], length) as Reference<Value>;
}

function referenceAt(path: Path, length?: number): unknown {
  return new Proxy(Object.freeze({}), {
    get(_target, key) {
      if (key === pathOf) return path;
      if (key === Symbol.iterator) return () => items(path, length);
      if (typeof key === 'symbol' || key === 'then' || key === 'toJSON') return undefined;
      return referenceAt([...path, key]);
    },
  });
}

/** For `([first, second]) => …`. @throws TypeError where nobody knows when to end */
function* items(path: Path, length = Number.POSITIVE_INFINITY): Generator<unknown, void> {
  for (let index = 0; index < length; index++) {
    if (length === Number.POSITIVE_INFINITY && index === itemsMax)
      throw new TypeError(
        'Result of a step cannot be gone through to its end: how long it is is not known yet',
      );
    yield referenceAt([...path, index]);
  }
}

/** @throws TypeError where JSON cannot say what stands around the references */
export function templateOf(input: unknown): Template {
  const holes: (readonly [Path, Path])[] = [];
  const value = withHoles(input, [], holes);
  // Through JSON and back, so that what JSON refuses is refused here.
  return { value: jsonValue(jsonBytes('Input of a step', value)), holes };
}

/** The input, once the result is there. What the result has not stays `undefined`. */
export function filledIn({ value, holes }: Template, result: unknown): unknown {
  let filled = structuredClone(value);
  for (const [place, part] of holes) {
    const found = partOf(result, part);
    const name = place.at(-1);
    if (name === undefined) filled = found;
    else {
      const holder = partOf(filled, place.slice(0, -1)) as object;
      Object.defineProperty(holder, name, {
        value: found,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
  }
  return filled;
}

function withHoles(input: unknown, place: Path, holes: (readonly [Path, Path])[]): unknown {
  if (place.length > depthMax) throw new TypeError(`Input of a step must be at most ${depthMax} levels deep`);
  if (typeof input !== 'object' || input === null) return input;
  const path = (input as { readonly [pathOf]?: Path })[pathOf];
  if (path !== undefined) {
    holes.push([place, path]);
    return null;
  }
  if ('toJSON' in input) return input;
  if (Array.isArray(input)) return input.map((item, index) => withHoles(item, [...place, index], holes));
  return Object.fromEntries(
    Object.entries(input).map(([key, item]) => [key, withHoles(item, [...place, key], holes)]),
  );
}

/** Own properties alone: a path is data, and must not reach what a prototype has. */
function partOf(value: unknown, path: Path): unknown {
  let part = value;
  for (const key of path) {
    if (typeof part !== 'object' || part === null || !Object.hasOwn(part, key)) return undefined;
    part = (part as Readonly<Record<string | number, unknown>>)[key];
  }
  return part;
}
