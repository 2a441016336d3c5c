import { mix } from './validation-words.ts';
import { shape, type Shape, shapeKinds } from './validation-shapes.ts';
import type { UnitWork } from './slowed-work.ts';

const callsPerUnit = 64;

/** Calls a method of one shape after the other, from where the unit starts. */
function calling(shapes: readonly Shape[], startOf: (unit: number) => number): (unit: number) => number {
  return unit => {
    let sum = mix(unit);
    let at = startOf(unit);
    for (let op = 0; op < callsPerUnit; op++) {
      sum = (Math.imul(sum, 31) + (shapes[at] as Shape).area(op)) | 0;
      at = at + 1 < shapes.length ? at + 1 : 0;
    }
    return sum;
  };
}

/** A method of eight classes that come in turn. */
const inTurn: UnitWork = {
  units: 100,
  opsPerUnit: callsPerUnit,
  setUp() {
    const few = Array.from({ length: callsPerUnit }, (_, index) => shape(index % shapeKinds, index));
    return calling(few, () => 0);
  },
};

/** Eight classes in no order, over more objects than the first cache holds. */
const scattered: UnitWork = {
  units: 100,
  opsPerUnit: callsPerUnit,
  setUp() {
    const kindOf = (index: number): number => (mix(index) >>> 1) % shapeKinds;
    const many = Array.from({ length: 10_000 }, (_, index) => shape(kindOf(index), index & 0xff));
    return calling(many, unit => (mix(unit) >>> 1) % many.length);
  },
};

/** Records of sixteen layouts, of which one field is read and one written at the same place in the code. */
const layouts: UnitWork = {
  units: 100,
  opsPerUnit: 64,
  setUp() {
    const records = Array.from({ length: 64 }, (_, index) => record(index % 16, index));
    return unit => {
      let sum = mix(unit);
      for (let op = 0; op < 64; op++) {
        const found = records[op] as { id: number; seen: number };
        sum = (Math.imul(sum, 31) + found.id) | 0;
        found.seen = sum & 0xff;
        sum += found.seen;
      }
      return sum | 0;
    };
  },
};

/** Objects whose layouts differ: as many other fields come before the two that all have. */
function record(layout: number, id: number): { id: number; seen: number } {
  const made: Record<string, number> = {};
  for (let field = 0; field < layout % 4; field++) made[`field${layout}${field}`] = field;
  made[`layout${layout}`] = layout;
  return Object.assign(made, { id, seen: 0 });
}

const steps: readonly ((value: number, step: number) => number)[] = [
  (value, step) => (value + step) | 0,
  (value, step) => value ^ (step << 3),
  (value, step) => Math.imul(value, 31) - step,
  (value, step) => (value >>> 1) + step,
  (value, step) => (value << 1) ^ step,
  (value, step) => (value - step) | 0,
  (value, step) => Math.imul(value ^ step, 0x0100_0193),
  (value, step) => (value >> 3) ^ (value << 5) ^ step,
  value => ~value,
  (value, step) => value | (step & 1),
  (value, step) => (value & 0x7fff_ffff) + step,
  (value, step) => (value ^ (value >>> 7)) + step,
];

/** Twelve functions through one call. */
const functions: UnitWork = {
  units: 100,
  opsPerUnit: 72,
  setUp: () => unit => {
    let value = mix(unit);
    for (let op = 0; op < 144; op++) {
      const step = steps[op % steps.length] as (value: number, step: number) => number;
      value = step(value, op) | 0;
    }
    return value;
  },
};

/** Calls and reads whose target differs from one to the next: more than a compiler keeps apart. */
export const calls: Readonly<Record<string, UnitWork>> = {
  '8 classes in turn': inTurn,
  '8 classes, 10,000 objects': scattered,
  'fields of 16 layouts': layouts,
  '12 functions': functions,
};
