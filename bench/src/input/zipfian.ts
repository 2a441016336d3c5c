import type { Random } from '@quorate/core';

/** YCSB's default skew; the popularity of rank r falls as 1 / r^0.99. */
export const ycsbTheta: number = 0.99;

/** YCSB's ScrambledZipfianGenerator draws ranks among ten thousand million items, whatever the number of keys... */
const ycsbItems = 10_000_000_000;
/** ...because the sum of 1 / r^0.99 over all of them is known and need not be added up again. */
const ycsbZeta = 26.46902820178302;

/** The most keys that {@link ScrambledZipfian} spreads over: products of two remainders must stay exact in a double. */
export const scrambledKeysMax: number = 1 << 26;

/**
 * Ranks from 0 to `items - 1`, rank r with a probability near 1 / (r + 1)^theta.
 *
 * Gray et al., "Quickly Generating Billion-Record Synthetic Databases", SIGMOD 1994, §3.2, as in YCSB's ZipfianGenerator
 * (Cooper et al., "Benchmarking Cloud Serving Systems with YCSB", SoCC 2010). Ranks 0 and 1 are exact; the rest follow a
 * continuous approximation.
 */
export class Zipfian {
  readonly items: number;
  readonly theta: number;
  readonly #zeta: number;
  readonly #alpha: number;
  readonly #eta: number;

  /**
   * @param zeta the sum of 1 / r^theta for r from 1 to `items`, where it is known; adding it up takes O(items)
   * @throws RangeError unless `items` is an integer of at least 2 and `theta` lies between 0 and 1
   */
  constructor(items: number, theta: number = ycsbTheta, zeta?: number) {
    if (!Number.isSafeInteger(items) || items < 2) {
      throw new RangeError(`Item count must be an integer of at least 2: received ${items}`);
    }
    if (!(theta > 0 && theta < 1)) throw new RangeError(`Theta must lie between 0 and 1: received ${theta}`);
    this.items = items;
    this.theta = theta;
    this.#zeta = zeta ?? zetaOf(items, theta);
    this.#alpha = 1 / (1 - theta);
    this.#eta = (1 - (2 / items) ** (1 - theta)) / (1 - zetaOf(2, theta) / this.#zeta);
  }

  next(random: Random): number {
    const u = random.float();
    const scaled = u * this.#zeta;
    if (scaled < 1) return 0;
    if (scaled < 1 + 0.5 ** this.theta) return 1;
    return Math.min(this.items - 1, Math.floor(this.items * (this.#eta * u - this.#eta + 1) ** this.#alpha));
  }

  /** The probability of the most popular rank. */
  get top(): number {
    return 1 / this.#zeta;
  }
}

/** The sum of 1 / r^theta for r from 1 to `items`. */
export function zetaOf(items: number, theta: number): number {
  let sum = 0;
  for (let rank = 1; rank <= items; rank++) sum += 1 / rank ** theta;
  return sum;
}

/**
 * Indexes from 0 to `count - 1` with zipfian popularity, the popular ones scattered over all of them by FNV-1a:
 * YCSB's ScrambledZipfianGenerator with its default constant.
 */
export class ScrambledZipfian {
  readonly count: number;
  readonly #ranks = new Zipfian(ycsbItems, ycsbTheta, ycsbZeta);

  /** @throws RangeError unless `count` is an integer from 1 to 67,108,864 */
  constructor(count: number) {
    if (!Number.isInteger(count) || count < 1 || count > scrambledKeysMax) {
      throw new RangeError(`Count must be an integer from 1 to ${scrambledKeysMax}: received ${count}`);
    }
    this.count = count;
  }

  next(random: Random): number {
    return scrambledIndex(this.#ranks.next(random), this.count);
  }

  /** The indexes of `length` draws. */
  draw(length: number, random: Random): Uint32Array {
    return Uint32Array.from({ length }, () => this.next(random));
  }
}

/** The absolute value of the FNV-1a hash of the rank's eight bytes (low first) as a signed 64-bit number, modulo `count`. */
export function scrambledIndex(rank: number, count: number): number {
  let low = 0x8422_2325;
  let high = 0xcbf2_9ce4;
  let rest = rank;
  for (let byte = 0; byte < 8; byte++) {
    low = (low ^ (rest & 0xff)) >>> 0;
    rest = Math.floor(rest / 256);
    // The prime is 2^40 + 0x1b3, so the product is the value shifted by 40 plus the value times 0x1b3.
    const product = low * 0x1b3;
    high = (Math.imul(high, 0x1b3) + Math.floor(product / 0x1_0000_0000) + (low << 8)) >>> 0;
    low = product >>> 0;
  }
  const word = 0x1_0000_0000 % count;
  const unsigned = ((high % count) * word + low) % count;
  // As a signed number a value from 2^63 on is negative, and its absolute value is what it lacks to 2^64.
  return high < 0x8000_0000 ? unsigned : (((word * word) % count) - unsigned + count) % count;
}
