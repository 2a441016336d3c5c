import { mix, mixedWords } from './mixed-words.ts';
import type { UnitWork } from './slowed-work.ts';

class Point {
  readonly x: number;
  readonly y: number;

  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
  }
}

const slots = 16;

/** Objects of two fields that live until sixteen more were made. */
const points: UnitWork = {
  units: 200,
  opsPerUnit: 64,
  setUp(count) {
    const seeds = mixedWords(count, 21);
    const live = Array.from({ length: slots }, () => new Point(0, 0));
    return unit => {
      const seed = (seeds[unit] as number) & 0xffff;
      for (let slot = 0; slot < slots; slot++) live[slot] = new Point(seed, slot);
      let sum = 0;
      for (let made = slots; made < 64; made++) {
        const slot = made % slots;
        const old = live[slot] as Point;
        const next = live[(slot + 5) % slots] as Point;
        sum = (Math.imul(sum, 31) + old.x + next.y) | 0;
        live[slot] = new Point((old.x + made) & 0xffff, next.x & 0xff);
      }
      return sum;
    };
  },
};

/** Arrays that are filled, copied, and forgotten. */
const arrays: UnitWork = {
  units: 200,
  opsPerUnit: 8,
  setUp(count) {
    const seeds = mixedWords(count, 22);
    return unit => {
      let sum = 0;
      for (let op = 0; op < 8; op++) {
        const seed = (seeds[unit] as number) >>> 8;
        const filled: number[] = [];
        for (let index = 0; index < 12; index++) filled.push(seed + index * op);
        const copy = filled.slice(2, 10);
        const both = [...copy, op];
        sum = (Math.imul(sum, 31) + (both[op] as number) + both.length) | 0;
      }
      return sum;
    };
  },
};

class Entry {
  readonly key: number;
  value: number;
  newer: Entry | undefined = undefined;
  older: Entry | undefined = undefined;

  constructor(key: number, value: number) {
    this.key = key;
    this.value = value;
  }
}

/** A cache of the last used entries: a list from the newest to the oldest, and a Map to find them by. */
class LastUsed {
  readonly #entries = new Map<number, Entry>();
  readonly #entriesMax: number;
  #newest: Entry | undefined;
  #oldest: Entry | undefined;

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  get(key: number): number | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#unlink(entry);
    this.#push(entry);
    return entry.value;
  }

  set(key: number, value: number): void {
    const entry = new Entry(key, value);
    this.#entries.set(key, entry);
    this.#push(entry);
    const oldest = this.#oldest;
    if (this.#entries.size <= this.#entriesMax || oldest === undefined) return;
    this.#unlink(oldest);
    this.#entries.delete(oldest.key);
  }

  #push(entry: Entry): void {
    entry.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
  }

  #unlink(entry: Entry): void {
    if (entry.newer === undefined) this.#newest = entry.older;
    else entry.newer.older = entry.older;
    if (entry.older === undefined) this.#oldest = entry.newer;
    else entry.older.newer = entry.newer;
    entry.newer = undefined;
    entry.older = undefined;
  }
}

/** A cache with eviction, from empty, over a whole cycle of keys of which some come again. */
const evictions: UnitWork = {
  units: 100,
  opsPerUnit: 32,
  setUp(count) {
    const keys = mixedWords(32, 23).map(word => word % 24);
    const seeds = mixedWords(count, 24);
    return unit => {
      const cache = new LastUsed(12);
      let sum = (seeds[unit] as number) >>> 4;
      for (const key of keys) {
        const value = cache.get(key);
        if (value === undefined) cache.set(key, sum & 0xfff);
        else sum = (Math.imul(sum, 31) + value) | 0;
      }
      return sum;
    };
  },
};

interface Tree {
  readonly value: number;
  readonly left: Tree | undefined;
  readonly right: Tree | undefined;
}

function grow(depth: number, value: number): Tree {
  if (depth === 0) return { value, left: undefined, right: undefined };
  return { value, left: grow(depth - 1, value + 1), right: grow(depth - 1, value ^ depth) };
}

function weigh(tree: Tree | undefined): number {
  if (tree === undefined) return 1;
  return (Math.imul(weigh(tree.left), 31) + Math.imul(weigh(tree.right), 17) + tree.value) | 0;
}

/** Trees of 63 nodes, made and walked. */
const trees: UnitWork = {
  units: 100,
  opsPerUnit: 63,
  setUp: () => unit => weigh(grow(5, mix(unit) & 0xffff)),
};

/** Allocation: all of it short-lived. */
export const allocation: Readonly<Record<string, UnitWork>> = {
  'small objects': points,
  'arrays and copies': arrays,
  'cache with eviction': evictions,
  trees,
};
