import { mix, mixedWords } from './validation-words.ts';
import type { UnitWork } from './slowed-work.ts';

const keysInAll = 48;
/** Above a quarter of 128, where V8 would make the table smaller; below half, where it would rather grow it than tidy up. */
const keysInside = 40;
const getsPerStep = 12;

type Key = number | string;

/**
 * Keys go out and others come in, in turn, through the whole cycle: each unit leaves the Map as it found it.
 *
 * There are twelve reads for each change, because changes make V8 allocate a new table now and then: see the kernels of
 * allocation.
 */
function churn(keys: readonly Key[]): UnitWork {
  return {
    units: 20,
    opsPerUnit: keysInAll * (getsPerStep + 2),
    setUp(count) {
      const seeds = mixedWords(count, 31);
      const map = new Map<Key, number>();
      for (let index = 0; index < keysInside; index++) map.set(keys[index] as Key, index);
      return unit => {
        let sum = (seeds[unit] as number) | 0;
        let first = 0;
        let next = keysInside;
        for (let step = 0; step < keysInAll; step++) {
          map.delete(keys[first] as Key);
          map.set(keys[next] as Key, next);
          first = first + 1 < keysInAll ? first + 1 : 0;
          next = next + 1 < keysInAll ? next + 1 : 0;
          for (let get = 0, at = first; get < getsPerStep; get++) {
            sum = (Math.imul(sum, 31) + (map.get(keys[at] as Key) ?? keysInAll)) | 0;
            at = at + 5 < keysInAll ? at + 5 : at + 5 - keysInAll;
          }
        }
        return sum;
      };
    },
  };
}

const manyKeys = 2 ** 14;

/** Values that are read and replaced in a Map of 16,000 keys: more than the first cache holds. */
const large: UnitWork = {
  units: 100,
  opsPerUnit: 60,
  setUp() {
    const map = new Map<number, number>();
    for (let key = 0; key < manyKeys; key++) map.set(mix(key) >>> 2, 0);
    return unit => {
      let sum = 0;
      for (let op = 0; op < 60; op++) {
        const key = mix(mix(unit * 60 + op) & (manyKeys - 1)) >>> 2;
        map.set(key, unit & 0xff);
        sum = (Math.imul(sum, 31) + (map.get(key) as number) + (key & 0xff)) | 0;
      }
      return sum;
    };
  },
};

const setSize = 80;

/** Two Sets that are walked, the members of each looked for in the other: half of them are there. */
const common: UnitWork = {
  units: 100,
  opsPerUnit: setSize,
  setUp(count) {
    const keys = mixedWords(setSize * 1.5, 35).map(word => word >>> 2);
    const left = new Set(keys.subarray(0, setSize));
    const right = new Set(keys.subarray(setSize / 2));
    const seeds = mixedWords(count, 36);
    return unit => {
      let sum = (seeds[unit] as number) | 0;
      for (const key of left) sum = (Math.imul(sum, 31) + (right.has(key) ? key : 1)) | 0;
      for (const key of right) sum = (Math.imul(sum, 31) + (left.has(key) ? key : 2)) | 0;
      return sum;
    };
  },
};

/** Maps and Sets through whole cycles of their keys. */
export const maps: Readonly<Record<string, UnitWork>> = {
  'numbers come and go': churn(Array.from(mixedWords(keysInAll, 33), word => word >>> 2)),
  'strings come and go': churn(Array.from(mixedWords(keysInAll, 34), word => `session:${word.toString(36)}`)),
  'values of 16,000 keys': large,
  'common members': common,
};
