import type { FailureDetector } from './failure-detector.ts';
import { IntervalWindow } from './interval-window.ts';

/** How a {@link PhiAccrual} judges. */
export interface PhiAccrualOptions {
  /**
   * From which φ on the peer is doubted. φ = 1 is wrong in one case of 10, 8 in one of 10^8, as far as intervals are distributed
   * as supposed. Default 8, as in Akka and Cassandra.
   */
  readonly threshold?: number | undefined;
  /** How intervals between heartbeats are supposed to be distributed. Default `normal`, as in the paper and in Akka. */
  readonly distribution?: 'normal' | 'exponential' | undefined;
  /** How many intervals are remembered. Default 200. */
  readonly windowSize?: number | undefined;
  /** The least standard deviation: very regular heartbeats must not make every hiccup a failure. Default 100. */
  readonly deviationMinMs?: number | undefined;
  /** Silence that is always forgiven, beyond what was observed: collections, moved machines. Default 0. */
  readonly pauseMs?: number | undefined;
  /** What the interval is taken for before one was observed. Default 1000. */
  readonly firstIntervalMs?: number | undefined;
}

const log10e = Math.LOG10E;
/** Of the logistic approximation to the normal distribution. */
const linear = 1.5976;
const cubic = 0.070566;

/**
 * The φ accrual failure detector (Hayashibara, Défago, Yared and Katayama, SRDS 2004): says how unlikely a silence is, given
 * the intervals between the peer's heartbeats so far, as `φ = -log10 P(the next heartbeat comes later than now)`.
 *
 * It leaves to its user how much is too much. Akka's form for normal intervals, with the logistic approximation of their
 * distribution (within 0.014 % of the error function's), and Cassandra's for exponential ones.
 */
export class PhiAccrual implements FailureDetector {
  readonly threshold: number;
  readonly #isNormal: boolean;
  readonly #deviationMinMs: number;
  readonly #pauseMs: number;
  readonly #window: IntervalWindow;
  /** The silence that is just not doubted: in deviations above the mean, or in means. */
  readonly #bearable: number;
  #lastMs: number | undefined;

  /** @throws RangeError for options that are none */
  constructor(options: PhiAccrualOptions = {}) {
    const {
      threshold = 8,
      windowSize = 200,
      deviationMinMs = 100,
      pauseMs = 0,
      firstIntervalMs = 1000,
    } = options;
    const { distribution = 'normal' } = options;
    if (distribution !== 'normal' && distribution !== 'exponential')
      throw new RangeError(
        `Distribution must be normal or exponential: received ${JSON.stringify(distribution)}`,
      );
    this.threshold = above0('Threshold', threshold);
    this.#isNormal = distribution === 'normal';
    this.#bearable = this.#isNormal ? deviationsFor(threshold) : threshold / log10e;
    this.#deviationMinMs = above0('Least deviation in ms', deviationMinMs);
    if (!(pauseMs >= 0 && pauseMs < Number.POSITIVE_INFINITY))
      throw new RangeError(`Pause in ms must be a finite number of at least 0: received ${pauseMs}`);
    this.#pauseMs = pauseMs;
    if (!Number.isInteger(windowSize) || windowSize < 2 || windowSize > 100_000)
      throw new RangeError(`Window size must be an integer from 2 to 100000: received ${windowSize}`);
    this.#window = new IntervalWindow(windowSize);
    // Two made-up intervals around the estimate, so that the first judgements are lenient (Akka does the same).
    const estimateMs = above0('First interval in ms', firstIntervalMs);
    this.#window.add(estimateMs * 0.75);
    this.#window.add(estimateMs * 1.25);
  }

  heartbeat(nowMs: number): void {
    const last = this.#lastMs;
    this.#lastMs = nowMs;
    // A time that goes back says nothing of an interval.
    if (last === undefined || nowMs < last) return;
    // A silence that was doubted counts as one that was just bearable. In full it would hide the next failure; left out, a peer
    // that is always heard more rarely than was thought at first would be doubted for ever.
    this.#window.add(Math.min(nowMs - last, this.#bearableMs()));
  }

  /** φ: 0 before the first heartbeat. */
  score(nowMs: number): number {
    return this.#lastMs === undefined ? 0 : this.#phi(nowMs - this.#lastMs);
  }

  isAvailable(nowMs: number): boolean {
    return this.score(nowMs) < this.threshold;
  }

  excuse(durationMs: number): void {
    if (this.#lastMs !== undefined && durationMs > 0) this.#lastMs += durationMs;
  }

  get #meanMs(): number {
    return this.#window.mean + this.#pauseMs;
  }

  get #deviationMs(): number {
    return Math.max(this.#window.deviation, this.#deviationMinMs);
  }

  #phi(silenceMs: number): number {
    const meanMs = this.#meanMs;
    if (!this.#isNormal) return Math.max(0, (silenceMs / meanMs) * log10e);
    const y = (silenceMs - meanMs) / this.#deviationMs;
    const power = y * (linear + cubic * y * y);
    // P(later) = 1 / (1 + e^power). Far out that is 0 in floating point while its logarithm is not.
    return power > 30 ? power * log10e : Math.log10(1 + Math.exp(power));
  }

  /** The silence at which φ reaches the threshold, or the mean where that is longer. */
  #bearableMs(): number {
    const meanMs = this.#meanMs;
    const share = this.#bearable;
    return Math.max(meanMs, this.#isNormal ? meanMs + share * this.#deviationMs : share * meanMs);
  }
}

/** For which `y` the approximation's φ is `phi`: the one real root of its cubic, by the hyperbolic solution. */
function deviationsFor(phi: number): number {
  const power = phi / log10e + Math.log1p(-(10 ** -phi));
  const p = linear / cubic;
  return 2 * Math.sqrt(p / 3) * Math.sinh(Math.asinh(((3 * power) / (2 * linear)) * Math.sqrt(3 / p)) / 3);
}

function above0(what: string, value: number): number {
  if (!(value > 0 && value < Number.POSITIVE_INFINITY))
    throw new RangeError(`${what} must be a finite number above 0: received ${value}`);
  return value;
}
