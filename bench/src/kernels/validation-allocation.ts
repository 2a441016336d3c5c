import { mix, mixedWords } from './validation-words.ts';
import { LastUsed } from './validation-cache.ts';
import type { UnitWork } from './slowed-work.ts';

/*
 * What is allocated in a few milliseconds must stay below a megabyte, V8's young generation when it is new: a chunk holds a
 * collection or none, so where each holds some, a slowdown shows as that of the work and a collection more or less.
 * Collections are measured apart from time.
 */

class Point {
  readonly x: number;
  readonly y: number;

  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
  }
}

const pointsAlive = 160;

/** Objects of two fields that are replaced one by one, with a walk over all of them each time. */
const points: UnitWork = {
  units: 100,
  opsPerUnit: 6,
  setUp(count) {
    const seeds = mixedWords(count, 21);
    const alive = Array.from({ length: pointsAlive }, () => new Point(0, 0));
    return unit => {
      let sum = (seeds[unit] as number) & 0xffff;
      for (let round = 0; round < 6; round++) {
        alive[round] = new Point(sum & 0xff, round);
        for (const { x, y } of alive) sum = (Math.imul(sum, 31) + (x ^ y)) | 0;
      }
      for (let round = 0; round < 6; round++) alive[round] = origin;
      return sum;
    };
  },
};

const origin = new Point(0, 0);
const arrayLength = 64;
const smoothings = 20;

/** Arrays that are made of another, smoothed over and over, and forgotten. */
const arrays: UnitWork = {
  units: 80,
  opsPerUnit: smoothings,
  setUp(count) {
    const base = Array.from(mixedWords(arrayLength, 22), word => word >>> 8);
    const seeds = mixedWords(count, 23).map(word => word >>> 16);
    return unit => {
      const seed = seeds[unit] as number;
      const values = base.map(word => word + seed);
      for (let round = 0; round < smoothings; round++) smooth(values);
      let sum = 0;
      for (const value of values) sum = (Math.imul(sum, 31) + value) | 0;
      return sum;
    };
  },
};

/** Each element becomes the mean of itself and the next. */
function smooth(values: number[]): void {
  for (let at = 1; at < values.length; at++) {
    values[at - 1] = ((values[at - 1] as number) + (values[at] as number)) >> 1;
  }
}

const hotKeys = 16;
const coldKeys = 12;
const gets = 20;

/** A cache that finds most keys: between those of a hot set come cold ones, each long evicted when its turn comes again. */
const evictions: UnitWork = {
  units: 40,
  opsPerUnit: coldKeys * gets,
  setUp(count) {
    const keys = mixedWords(coldKeys * gets, 24).map((word, at) =>
      at % gets === 0 ? hotKeys + at / gets : word % hotKeys,
    );
    const seeds = mixedWords(count, 25);
    const cache = new LastUsed(hotKeys + coldKeys / 2);
    const perform = (unit: number): number => {
      let sum = (seeds[unit] as number) | 0;
      for (const key of keys) {
        const value = cache.get(key);
        if (value === undefined) cache.set(key, mix(key) & 0xfff);
        else sum = (Math.imul(sum, 31) + value) | 0;
      }
      return sum;
    };
    // From now on every unit finds what the last one left, which is always the same.
    perform(0);
    return perform;
  },
};

class TreeNode {
  readonly key: number;
  left: TreeNode | undefined = undefined;
  right: TreeNode | undefined = undefined;

  constructor(key: number) {
    this.key = key;
  }
}

function insert(root: TreeNode, key: number): void {
  let node = root;
  for (;;) {
    const next: TreeNode | undefined = key < node.key ? node.left : node.right;
    if (next !== undefined) node = next;
    else break;
  }
  if (key < node.key) node.left = new TreeNode(key);
  else node.right = new TreeNode(key);
}

/** How far a key is from the root, and what is on the way. */
function trail(root: TreeNode, key: number): number {
  let sum = 0;
  let node: TreeNode | undefined = root;
  while (node !== undefined) {
    sum = (Math.imul(sum, 31) + node.key) | 0;
    node = key < node.key ? node.left : node.right;
  }
  return sum;
}

const treeNodes = 12;
const searches = 480;

/** Search trees of a few nodes, made, and searched forty times as often. */
const trees: UnitWork = {
  units: 40,
  opsPerUnit: searches,
  setUp(count) {
    const keys = mixedWords(treeNodes, 26).map(word => word >>> 8);
    const wanted = mixedWords(searches, 27).map(word => word >>> 8);
    const seeds = mixedWords(count, 28).map(word => word >>> 16);
    return unit => {
      const seed = seeds[unit] as number;
      const root = new TreeNode((1 << 23) + seed);
      for (const key of keys) insert(root, key + seed);
      let sum = 0;
      for (const key of wanted) sum = (Math.imul(sum, 31) + trail(root, key + seed)) | 0;
      return sum;
    };
  },
};

/** Allocation: short-lived objects and arrays. */
export const allocation: Readonly<Record<string, UnitWork>> = {
  'small objects': points,
  'smoothed arrays': arrays,
  'cache with eviction': evictions,
  'search trees': trees,
};
