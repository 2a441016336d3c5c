import type { Draw } from '../engine/tape.ts';

/**
 * Quantiles of the log-logistic distribution of shape 2 with the median 1: p50 is 1, p99 is 10, p99.9 is 32, the largest 90.
 * Only divisions and square roots, which every engine rounds alike.
 */
const quantiles: Float64Array = new Float64Array(4096).map((_, index) =>
  Math.sqrt((index + 0.5) / (4095.5 - index)),
);

/** From this quantile on a latency is an event of its own, which can be taken away: one in 64. */
const tailFrom = 4032;

/** How long messages take: a floor, a median above it, and a heavy tail that is cut off. */
export class Latency {
  readonly #floorUs: number;
  readonly #medianUs: number;
  readonly #maxUs: number;

  constructor(floorUs: number, medianUs: number, maxUs: number) {
    this.#floorUs = floorUs;
    this.#medianUs = medianUs;
    this.#maxUs = maxUs;
  }

  /** For whoever needs nothing else of the draw's word. */
  drawUs(draw: Draw): number {
    return this.ofWordUs(draw, draw.word());
  }

  /** Of the draw, the tail alone is on the tape: taken away, the message takes the median. Asks nothing of bits 5 to 19. */
  ofWordUs(draw: Draw, word: number): number {
    const index = word >>> 20;
    const quantile = index < tailFrom || draw.keepsLast() ? (quantiles[index] as number) : 1;
    // The low bits keep messages of one quantile apart.
    const delayUs = this.#floorUs + Math.floor(this.#medianUs * quantile) + (word & 0x1f);
    return delayUs < this.#maxUs ? delayUs : this.#maxUs;
  }
}

/** An event of the given probability from what {@link Latency.ofWordUs} leaves of a word; to 2^-15. */
export function strikes(word: number, probability: number): boolean {
  return ((word >>> 5) & 0x7fff) < probability * 0x8000;
}
