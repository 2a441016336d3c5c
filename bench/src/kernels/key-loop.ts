import type { KeySet } from '../input/key-set.ts';
import type { Kernel } from '../suite.ts';

/** Keys made and looked up at a time: few enough to be in the processor's first cache, as a key is that just arrived. */
const batch = 200;

/**
 * Looks every key of a set up once in a cycle, each time as a string that was made a moment before.
 *
 * The strings are made outside of the measured time, batch by batch. That is how keys reach a server: none was ever looked
 * up before as this string, so no hash is kept in it, and its characters are in the cache.
 *
 * @param order indexes of keys, where they are not to be taken one after the other: draws with skew, for instance
 */
export function freshKeyLoop(keys: KeySet, lookUp: (key: string) => number, order?: Uint32Array): Kernel {
  const length = order?.length ?? keys.count;
  const size = Math.min(batch, length);
  const window: string[] = Array.from({ length: size }, () => '');
  return {
    ops: size,
    cycle: Math.floor(length / size),
    prepare(pass) {
      for (let index = 0; index < size; index++) {
        const at = pass * size + index;
        window[index] = keys.fresh(order === undefined ? at : (order[at] as number));
      }
    },
    run() {
      let sum = 0;
      for (let index = 0; index < size; index++)
        sum = (Math.imul(sum, 31) + lookUp(window[index] as string)) | 0;
      return sum;
    },
  };
}

/** Looks the same string objects up again and again: their hashes are known, and a cache finds them by identity. */
export function repeatedKeyLoop(keys: KeySet, lookUp: (key: string) => number): Kernel {
  const strings = Array.from({ length: keys.count }, (_, index) => keys.fresh(index));
  return {
    ops: strings.length,
    run() {
      let sum = 0;
      for (const key of strings) sum = (Math.imul(sum, 31) + lookUp(key)) | 0;
      return sum;
    },
  };
}

/** Calls `lookUp` for each key's bytes: no string is made. */
export function bytesLoop(keys: KeySet, lookUp: (key: Uint8Array) => number): Kernel {
  const views = Array.from({ length: keys.count }, (_, index) => keys.bytesOf(index));
  return {
    ops: views.length,
    run() {
      let sum = 0;
      for (const key of views) sum = (Math.imul(sum, 31) + lookUp(key)) | 0;
      return sum;
    },
  };
}
