import type { Kernel } from '../suite.ts';

/** Work that comes in units, all of them equally much. */
export interface UnitWork {
  /** Units in one call of `run`. */
  readonly units: number;
  readonly opsPerUnit: number;
  /** Calls of `run` in a cycle, each with units of its own; 1 unless given. */
  readonly passes?: number;
  /** Makes all that `count` units need. What it returns does one of them and returns a 32-bit integer, always the same. */
  setUp(count: number): (unit: number) => number;
}

/**
 * Makes a kernel of the work that is slower by a known share: it does so many percent more units in each call, while `ops`
 * stays what it is without them. So the time of an operation rises by exactly as much as the work does.
 *
 * What is more is spread evenly among the rest and is the same code on data of the same kind, so that compiling and caches
 * treat all of it alike. Each result is multiplied with a weight before it is added up, and the extra ones have weight 0: the
 * checksum does not know them, yet no compiler can leave them out, since the weights are read from memory. Whatever the
 * slowdown, as much memory is set up, so that things lie in the same places.
 *
 * @param percent from 0 to 100; with `work.units` it must come out at a whole number of units
 * @throws RangeError where it does not
 */
export function slowedKernel(work: UnitWork, percent: number): Kernel {
  const { units, opsPerUnit, passes = 1 } = work;
  const { order, weights, length } = unitOrder(units, percent);
  const unitsPerPass = order.length;
  const perform = work.setUp(passes * unitsPerPass);
  return {
    ops: units * opsPerUnit,
    cycle: passes,
    run(pass) {
      const start = pass * unitsPerPass;
      let sum = 0;
      for (let at = 0; at < length; at++) {
        sum = (sum + Math.imul(perform(start + (order[at] as number)), weights[at] as number)) | 0;
      }
      return sum;
    },
  };
}

/** What one call of a {@link slowedKernel} does. */
export interface UnitOrder {
  /** Numbers of units; those from `units` on are extra. Twice `units` long, of which `length` are done. */
  readonly order: Uint32Array;
  readonly weights: Int32Array;
  readonly length: number;
}

/** Spreads the extra units among the others (Bresenham's line). @throws RangeError as {@link slowedKernel} does */
export function unitOrder(units: number, percent: number): UnitOrder {
  const share = (units * percent) / 100;
  const extra = Math.round(share);
  // A percentage that was computed may be off in its last digits.
  if (!(Math.abs(share - extra) < 1e-9 && extra >= 0 && extra <= units)) {
    throw new RangeError(
      `Slowdown must be 0 to 100 percent and a whole number of ${units} units: received ${percent}`,
    );
  }
  const order = new Uint32Array(2 * units);
  const weights = new Int32Array(2 * units);
  const length = units + extra;
  let extras = 0;
  for (let at = 0; at < length; at++) {
    const isExtra = Math.floor(((at + 1) * extra) / length) > extras;
    order[at] = isExtra ? units + extras : at - extras;
    weights[at] = isExtra ? 0 : 2 * (at - extras) + 1;
    if (isExtra) extras += 1;
  }
  return { order, weights, length };
}
