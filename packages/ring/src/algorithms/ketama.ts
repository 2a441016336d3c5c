/**
 * Where ketama puts the points of a server (Richard Jones, Last.fm, 2007; RJ/ketama, libketama/ketama.c,
 * `ketama_create_continuum`), and how two descendants differ: libmemcached (libmemcached/hosts.cc, `update_continuum`, with
 * MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED) and Python's hash_ring (hash_ring/ring.py, `_generate_circle`).
 */

import { keyWords } from './hash/key-words.ts';
import { md5 } from './hash/md5.ts';

/** Whose points: see {@link ketamaDigests} and {@link writeKetamaPoints} for what they differ in. */
export type KetamaVariant = 'libketama' | 'libmemcached' | 'hash_ring';

/** Digests for a server of average weight; each gives four points (three in `hash_ring`). */
const DIGESTS = 40;

/** Points that a digest gives. */
export function pointsPerDigest(variant: KetamaVariant): number {
  return variant === 'hash_ring' ? 3 : 4;
}

/**
 * How many digests a server gets: floor(weight / total × 40 × servers), in the precision of the original.
 *
 * The C libraries compute the share in single precision, and floors of it differ from those of doubles for about 3 % of
 * small sets of weights. libketama multiplies in double and rounds once for `floorf`; libmemcached multiplies in single
 * throughout and adds 1e-10 before the floor.
 *
 * @param serverCount Servers with a weight above 0.
 */
export function ketamaDigests(
  variant: KetamaVariant,
  weight: number,
  totalWeight: number,
  serverCount: number,
): number {
  const share = Math.fround(Math.fround(weight) / Math.fround(totalWeight));
  if (variant === 'libmemcached') {
    const scaled = Math.fround(Math.fround(Math.fround(share * (DIGESTS * 4)) / 4) * serverCount);
    return Math.floor(Math.fround(scaled + 0.0000000001));
  }
  return Math.floor(Math.fround(share * DIGESTS * serverCount));
}

/** libmemcached leaves its default port out of the names of points. */
const DEFAULT_PORT = ':11211';

/**
 * Writes the points of one server's digests: the digest of "name-k" as little-endian words.
 *
 * libketama and libmemcached look for the first point at or after the hash, hash_ring (`bisect`) for the first one after
 * it; its points are written one lower, which is the same: p > h exactly when p − 1 ≥ h, modulo 2³².
 */
export function writeKetamaPoints(
  variant: KetamaVariant,
  server: string,
  digests: number,
  positions: Uint32Array,
  from: number,
): void {
  const dropsPort = variant === 'libmemcached' && server.endsWith(DEFAULT_PORT);
  const name = dropsPort ? server.slice(0, -DEFAULT_PORT.length) : server;
  const points = pointsPerDigest(variant);
  const shift = variant === 'hash_ring' ? 1 : 0;
  let at = from;
  for (let digest = 0; digest < digests; digest++) {
    keyWords.load(`${name}-${digest}`);
    const words = md5(keyWords.words, keyWords.length);
    for (let point = 0; point < points; point++) positions[at++] = (words[point] as number) - shift;
  }
}
