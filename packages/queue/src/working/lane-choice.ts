import { type Clock, laneMax } from '@quorate/core';

/** In which shares the lanes of a queue come first. */
export interface LaneOptions {
  /**
   * Weights by lane. While there is more than can be leased, each lane is asked first in its share of the leases. Default 8, 4, 2, and
   * 1 for each lane after these.
   */
  readonly weights?: readonly number[];
  /** A lane that has not been asked first for so long is, whatever its weight. Default 5,000. */
  readonly ageMs?: number;
}

const laneCount = laneMax + 1;
const defaultWeights = [8, 4, 2];

/** @throws RangeError */
export function checkLaneWeights({ weights = [], ageMs = 5000 }: LaneOptions = {}): Required<LaneOptions> {
  if (weights.length > laneCount)
    throw new RangeError(`Weights of lanes must be at most ${laneCount}: received ${weights.length}`);
  for (const weight of weights) {
    if (Number.isInteger(weight) && weight >= 1) continue;
    throw new RangeError(`Weight of a lane must be an integer of at least 1: received ${weight}`);
  }
  if (!(ageMs > 0)) throw new RangeError(`Age of a lane in ms must be above 0: received ${ageMs}`);
  const filled = Array.from({ length: laneCount }, (_, lane) => weights[lane] ?? defaultWeights[lane] ?? 1);
  return { weights: filled, ageMs };
}

/**
 * Which lane is asked first. Only leases that came back full can have passed somebody over, so it is lane 0 until then.
 *
 * The shares are those of a smooth weighted round robin: no lane waits for more full leases than the sum of the weights.
 */
export class LaneChoice {
  readonly #clock: Clock;
  readonly #weights: readonly number[];
  readonly #ageMs: number;
  readonly #credits: number[];
  readonly #firstAtMs: number[];
  readonly #totalWeight: number;
  #hasMore = false;

  constructor(clock: Clock, { weights, ageMs }: Required<LaneOptions>) {
    this.#clock = clock;
    this.#weights = weights;
    this.#ageMs = ageMs;
    this.#credits = weights.map(() => 0);
    this.#firstAtMs = weights.map(() => 0);
    this.#totalWeight = weights.reduce((sum, weight) => sum + weight, 0);
  }

  /** The lanes of the next lease, in order; undefined for all, lowest first. */
  next(): readonly number[] | undefined {
    if (!this.#hasMore) return undefined;
    const first = this.#aged() ?? this.#heaviest();
    this.#firstAtMs[first] = this.#clock.monotonicMs();
    if (first === 0) return undefined;
    return [first, ...[...this.#weights.keys()].filter(lane => lane !== first)];
  }

  /** Says whether the last lease came back full. */
  leased(isFull: boolean): void {
    if (isFull && !this.#hasMore) this.#firstAtMs.fill(this.#clock.monotonicMs());
    this.#hasMore = isFull;
  }

  /** The lane that was last asked first the longest ago, where that is too long. */
  #aged(): number | undefined {
    const oldestMs = Math.min(...this.#firstAtMs);
    return oldestMs <= this.#clock.monotonicMs() - this.#ageMs
      ? this.#firstAtMs.indexOf(oldestMs)
      : undefined;
  }

  #heaviest(): number {
    let first = 0;
    for (const [lane, weight] of this.#weights.entries()) {
      this.#credits[lane] = (this.#credits[lane] as number) + weight;
      if ((this.#credits[lane] as number) > (this.#credits[first] as number)) first = lane;
    }
    this.#credits[first] = (this.#credits[first] as number) - this.#totalWeight;
    return first;
  }
}
