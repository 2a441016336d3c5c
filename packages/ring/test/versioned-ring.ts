import { Ring } from '../src/index.ts';

/** How many different rings the slot is swapped between. */
export const VERSIONS = 8;

/**
 * A ring whose every node tells its version; versions differ in size, so that halves of two do not fit together. Large, so
 * that a reader spends much of its time copying and is often overtaken there.
 */
export function versionedRing(version: number): Ring {
  const nodes = Array.from({ length: 3 + version }, (_, i) => `v${version}/${i}`);
  return Ring.build({ nodes, vnodes: 400 + 100 * version, seed: version });
}

/** Keys that are looked up in each. */
export const KEYS: readonly string[] = Array.from({ length: 25 }, (_, i) => `key:${i}`);
