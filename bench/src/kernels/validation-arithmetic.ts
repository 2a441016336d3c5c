import { mix, mixedWords } from './validation-words.ts';
import type { UnitWork } from './slowed-work.ts';

/** Shifts and exclusive ors, each waiting for the one before: what a processor's one unit can do. */
const shifts: UnitWork = {
  units: 200,
  opsPerUnit: 40,
  setUp(count) {
    const seeds = mixedWords(count, 11);
    return unit => {
      let word = (seeds[unit] as number) | 0;
      for (let round = 0; round < 320; round++) {
        word ^= word << 13;
        word ^= word >>> 17;
        word ^= word << 5;
      }
      return word;
    };
  },
};

/** Floating point, each step waiting for the last: Newton's method for square roots. */
const floats: UnitWork = {
  units: 200,
  opsPerUnit: 20,
  setUp(count) {
    const squares = Float64Array.from(mixedWords(count, 12), word => 1 + word / 2 ** 32);
    return unit => {
      const square = squares[unit] as number;
      let sum = 0;
      let root = square;
      for (let round = 0; round < 80; round++) {
        root = 0.5 * (root + square / root);
        sum += root * 1e6;
        root += 0.25;
      }
      return sum | 0;
    };
  },
};

const columns = 12;

/** Products of small integer matrices, which stay in the first cache. */
const matrices: UnitWork = {
  units: 100,
  opsPerUnit: columns * columns,
  setUp(count) {
    const cells = columns * columns;
    const left = Int32Array.from(mixedWords(cells, 13));
    const right = Int32Array.from(mixedWords(cells, 14));
    const factors = mixedWords(count, 15);
    return unit => {
      let sum = (factors[unit] as number) | 0;
      for (let row = 0; row < cells; row += columns) {
        for (let column = 0; column < columns; column++) {
          let cell = 0;
          for (let step = 0; step < columns; step++) {
            const product = Math.imul(left[row + step] as number, right[step * columns + column] as number);
            cell = (cell + product) | 0;
          }
          sum = (Math.imul(sum, 31) + cell) | 0;
        }
      }
      return sum;
    };
  },
};

const tableWords = 2 ** 17;

/** Reads all over half a megabyte, each address found in the last: the second cache's delay. */
const chase: UnitWork = {
  units: 200,
  opsPerUnit: 20,
  setUp() {
    const table = Int32Array.from(mixedWords(tableWords, 16));
    return unit => {
      let word = mix(unit);
      for (let read = 0; read < 100; read++) word = (table[word & (tableWords - 1)] as number) ^ read;
      return word;
    };
  },
};

/** Arithmetic: nothing is allocated. */
export const arithmetic: Readonly<Record<string, UnitWork>> = {
  'chain of shifts': shifts,
  'floating point': floats,
  'matrix product': matrices,
  'reads all over 512 KB': chase,
};
