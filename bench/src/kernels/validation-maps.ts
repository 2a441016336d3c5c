import { mix, mixedWords } from './mixed-words.ts';
import type { UnitWork } from './slowed-work.ts';

const fewKeys = 24;

/** A Map of a few numbers, filled, read, and emptied key by key. */
const numbers: UnitWork = {
  units: 100,
  opsPerUnit: 3 * fewKeys,
  setUp(count) {
    const keys = mixedWords(fewKeys, 31);
    const seeds = mixedWords(count, 32);
    const map = new Map<number, number>();
    return unit => {
      const seed = (seeds[unit] as number) >>> 4;
      let sum = 0;
      for (const key of keys) map.set(key, (key ^ seed) & 0xffff);
      for (const key of keys) sum = (Math.imul(sum, 31) + (map.get(key) as number)) | 0;
      for (const key of keys) sum += map.delete(key) ? 1 : 0;
      // A Map remembers how large it was; this way each unit finds it new.
      map.clear();
      return sum | 0;
    };
  },
};

const words = 60;

/** Strings as keys, in a Map that is filled from empty and replaces a third of its keys. */
const strings: UnitWork = {
  units: 100,
  opsPerUnit: 2 * words,
  setUp(count) {
    const keys = Array.from(mixedWords(words, 33), word => `session:${word.toString(36)}`);
    const seeds = mixedWords(count, 34);
    const map = new Map<string, number>();
    return unit => {
      const seed = (seeds[unit] as number) & 0xfff;
      for (let index = 0; index < words; index++) map.set(keys[index] as string, index ^ seed);
      for (let index = 0; index < words; index += 3) map.delete(keys[index] as string);
      let sum = 0;
      for (let index = 0; index < words; index++) {
        const value = map.get(keys[index] as string);
        if (value === undefined) map.set(keys[index] as string, seed);
        else sum = (Math.imul(sum, 31) + value) | 0;
      }
      const { size } = map;
      map.clear();
      return sum + size;
    };
  },
};

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

/** A Set that grows from nothing to a hundred, and is walked. */
const growth: UnitWork = {
  units: 100,
  opsPerUnit: 100,
  setUp(count) {
    const seeds = mixedWords(count, 35);
    return unit => {
      const seed = (seeds[unit] as number) >>> 8;
      const set = new Set<number>();
      for (let index = 0; index < 100; index++) set.add((seed + index * 7) & 0xfff_ffff);
      let sum = 0;
      for (const key of set) sum = (Math.imul(sum, 31) + key) | 0;
      return sum;
    };
  },
};

/** Maps and Sets through whole cycles of their keys. */
export const maps: Readonly<Record<string, UnitWork>> = {
  'few numbers': numbers,
  'strings as keys': strings,
  'values of 16,000 keys': large,
  'growing Sets': growth,
};
