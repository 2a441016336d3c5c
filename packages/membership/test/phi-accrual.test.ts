import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IntervalWindow } from '../src/interval-window.ts';
import { PhiAccrual } from '../src/index.ts';

/** A detector that heard a beat every `everyMs`, the last one at 0. */
function beaten(
  everyMs: number,
  count: number,
  options: ConstructorParameters<typeof PhiAccrual>[0] = {},
): PhiAccrual {
  const detector = new PhiAccrual(options);
  for (let beat = count; beat >= 0; beat--) detector.heartbeat(-beat * everyMs);
  return detector;
}

/** The normal distribution's upper tail, integrated by Simpson's rule. */
function upperTail(y: number): number {
  const [end, steps] = [y + 12, 20_000];
  const width = (end - y) / steps;
  const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  let sum = density(y) + density(end);
  for (let step = 1; step < steps; step++) sum += density(y + step * width) * (step % 2 === 0 ? 2 : 4);
  return (sum * width) / 3;
}

describe('phi accrual (Hayashibara et al. 2004)', () => {
  test('phi is -log10 of the chance that a normal interval is longer (§3.2)', () => {
    const detector = beaten(1000, 10_000, { deviationMinMs: 100, windowSize: 1000 });
    for (const silenceMs of [900, 1000, 1100, 1200, 1300, 1400]) {
      const exact = -Math.log10(upperTail((silenceMs - 1000) / 100));
      // The approximation is within 0.014 % of the distribution in the middle, and a few percent of its logarithm further out.
      expect(Math.abs(detector.score(silenceMs) - exact)).toBeLessThan(0.02 + exact * 0.05);
    }
  });

  test('the values of Akka: 0.3 at the mean, and 8 some five and a half deviations above it', () => {
    const detector = beaten(1000, 2000, { deviationMinMs: 100 });
    expect(detector.score(1000)).toBeCloseTo(Math.log10(2), 5);
    expect(detector.isAvailable(1400)).toBe(true);
    expect(detector.isAvailable(1600)).toBe(false);
  });

  test('exponential intervals: phi grows with the silence over the mean, as in Cassandra', () => {
    const detector = beaten(500, 2000, { distribution: 'exponential' });
    expect(detector.score(500)).toBeCloseTo(Math.LOG10E, 5);
    expect(detector.score(5000)).toBeCloseTo(10 * Math.LOG10E, 5);
    expect(detector.isAvailable(9000)).toBe(true);
    expect(detector.isAvailable(9500)).toBe(false);
  });

  test('a pause is forgiven, and so is time in which this process did not run', () => {
    const strict = beaten(1000, 500);
    const lenient = beaten(1000, 500, { pauseMs: 3000 });
    expect(strict.isAvailable(3500)).toBe(false);
    expect(lenient.isAvailable(3500)).toBe(true);
    expect(lenient.isAvailable(5500)).toBe(false);
    strict.excuse(3000);
    expect(strict.isAvailable(3500)).toBe(true);
    expect(strict.isAvailable(6500)).toBe(false);
  });

  test('regular heartbeats do not make every hiccup a failure: there is a least deviation', () => {
    expect(beaten(10, 5000, { deviationMinMs: 1 }).isAvailable(40)).toBe(false);
    expect(beaten(10, 5000, { deviationMinMs: 100 }).isAvailable(40)).toBe(true);
  });

  test('irregular heartbeats are given more time than regular ones', () => {
    const irregular = new PhiAccrual({ firstIntervalMs: 1000 });
    let nowMs = 0;
    for (let beat = 0; beat < 400; beat++) irregular.heartbeat((nowMs += beat % 2 === 0 ? 200 : 1800));
    expect(irregular.isAvailable(nowMs + 3000)).toBe(true);
    expect(beaten(1000, 400).isAvailable(3000)).toBe(false);
  });

  test('a silence that was doubted counts as one that was just bearable: failures are nothing to get used to', () => {
    const detector = beaten(1000, 500);
    const before = detector.score(1500);
    detector.heartbeat(60_000);
    expect(detector.score(61_500)).toBeGreaterThan(before * 0.8);
    expect(detector.isAvailable(63_000)).toBe(false);
  });

  test.each(['normal', 'exponential'] as const)(
    'heartbeats that are rarer than was thought at first are got used to: %s',
    distribution => {
      const detector = beaten(20_000, 400, { distribution });
      expect(detector.isAvailable(20_500)).toBe(true);
      expect(detector.score(20_000)).toBeLessThan(1);
      expect(detector.isAvailable(400_000)).toBe(false);
    },
  );

  test('a clock that was set back, against the contract, costs one interval and no failure', () => {
    const detector = beaten(1000, 500);
    for (let beat = -3600; beat < -3500; beat++) detector.heartbeat(beat * 1000);
    expect(detector.isAvailable(-3501_000 + 1300)).toBe(true);
    expect(detector.isAvailable(-3501_000 + 5000)).toBe(false);
  });

  test('nothing is doubted before the first heartbeat', () => {
    const detector = new PhiAccrual();
    expect(detector.score(1e9)).toBe(0);
    detector.heartbeat(1000);
    expect(detector.score(1000)).toBeLessThan(0.1);
  });

  test('phi never falls while nothing is heard, and stays a number however long that is', () => {
    const beats = fc.array(fc.double({ min: 0, max: 10_000, noNaN: true }), { maxLength: 50 });
    const silences = fc.tuple(
      fc.double({ min: 0, max: 1e12, noNaN: true }),
      fc.double({ min: 0, max: 1e12, noNaN: true }),
    );
    fc.assert(
      fc.property(
        beats,
        silences,
        fc.constantFrom('normal' as const, 'exponential' as const),
        (gaps, pair, distribution) => {
          const detector = new PhiAccrual({ distribution });
          let nowMs = 0;
          for (const gap of gaps) detector.heartbeat((nowMs += gap));
          const [less = 0, more = 0] = [...pair].sort((a, b) => a - b);
          const [one, other] = [detector.score(nowMs + less), detector.score(nowMs + more)];
          expect(Number.isFinite(one) && Number.isFinite(other)).toBe(true);
          expect(other).toBeGreaterThanOrEqual(one);
        },
      ),
    );
  });

  test('the window has the mean and the deviation of what it holds', () => {
    const interval = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(interval, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 2, max: 20 }),
        (all, size) => {
          const window = new IntervalWindow(size);
          for (const each of all) window.add(each);
          const held = all.slice(-size);
          const mean = held.reduce((sum, each) => sum + each, 0) / held.length;
          const variance = held.reduce((sum, each) => sum + (each - mean) ** 2, 0) / held.length;
          expect(window.mean).toBeCloseTo(mean, 3);
          expect(Math.abs(window.deviation ** 2 - variance)).toBeLessThan(1);
        },
      ),
    );
  });

  test.each([
    [{ threshold: 0 }, 'Threshold must be a finite number above 0: received 0'],
    [{ windowSize: 1 }, 'Window size must be an integer from 2 to 100000: received 1'],
    [{ deviationMinMs: Number.NaN }, 'Least deviation in ms must be a finite number above 0: received NaN'],
    [{ pauseMs: -1 }, 'Pause in ms must be a finite number of at least 0: received -1'],
    [{ distribution: 'even' as 'normal' }, 'Distribution must be normal or exponential: received "even"'],
  ])('%o is refused', (options, message) => {
    expect(() => new PhiAccrual(options)).toThrow(new RangeError(message));
  });
});
