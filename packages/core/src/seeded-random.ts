import { type Random, WordRandom } from './random.ts';

/**
 * A generator whose whole stream follows from `seed`: the same on every platform and in every version.
 *
 * The stream is xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021), period 2^128 - 1.
 * Not for secrets: whoever sees some of it can compute the rest.
 *
 * @param seed any string, a finite number or a bigint; 1, 1n and '1' are three different seeds
 * @throws RangeError when a number is NaN or infinite
 */
export function seededRandom(seed: number | bigint | string): Random {
  if (typeof seed === 'number' && !Number.isFinite(seed)) {
    throw new RangeError(`Seed must be a finite number, a bigint or a string: received ${seed}`);
  }
  return new SeededRandom(`${typeof seed}:${seed}`);
}

/** The generator by its four state words, for whoever has a state of xoshiro128** from elsewhere. */
export class Xoshiro128 {
  #s0: number;
  #s1: number;
  #s2: number;
  #s3: number;

  /** @throws RangeError when all words are 0, the one state that the generator never leaves */
  constructor(state: readonly [number, number, number, number]) {
    [this.#s0, this.#s1, this.#s2, this.#s3] = state;
    if ((this.#s0 | this.#s1 | this.#s2 | this.#s3) === 0) throw new RangeError('State must not be all zero');
  }

  /** The next word of the stream, from 0 to 2^32 - 1. */
  next(): number {
    const scrambled = Math.imul(rotateLeft(Math.imul(this.#s1, 5), 7), 9) >>> 0;
    const shifted = this.#s1 << 9;
    this.#s2 ^= this.#s0;
    this.#s3 ^= this.#s1;
    this.#s1 ^= this.#s2;
    this.#s0 ^= this.#s3;
    this.#s2 ^= shifted;
    this.#s3 = rotateLeft(this.#s3, 11);
    return scrambled;
  }
}

class SeededRandom extends WordRandom {
  readonly #path: string;
  readonly #generator: Xoshiro128;

  constructor(path: string) {
    super();
    this.#path = path;
    this.#generator = new Xoshiro128(stateOf(path));
  }

  uint32(): number {
    return this.#generator.next();
  }

  fork(label: string): Random {
    // The length keeps fork('ab').fork('c') and fork('a').fork('bc') apart.
    return new SeededRandom(`${this.#path}/${label.length}:${label}`);
  }
}

/** Spreads a seed's text over four words: FNV-1a from four offsets, each finished as in MurmurHash3. */
function stateOf(path: string): [number, number, number, number] {
  const word = (offset: number): number => {
    let hash = offset;
    for (let index = 0; index < path.length; index++) {
      const unit = path.charCodeAt(index);
      hash = Math.imul(hash ^ (unit & 0xff), 0x0100_0193);
      hash = Math.imul(hash ^ (unit >>> 8), 0x0100_0193);
    }
    return finish(hash);
  };
  const state: [number, number, number, number] = [
    word(0x811c_9dc5),
    word(0x9e37_79b9),
    word(0x85eb_ca6b),
    word(0xc2b2_ae35),
  ];
  if ((state[0] | state[1] | state[2] | state[3]) === 0) state[0] = 1;
  return state;
}

function finish(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85eb_ca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2_ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
