import { expect, test } from 'vitest';
import { type FalsePositives, type SlowMembersOptions, runSlowMembers } from './slow-members.ts';

const long = process.env['QUORATE_LONG'] !== undefined;
const seeds = Array.from({ length: long ? 10 : 2 }, (_, at) => `slow ${at}`);
const count = long ? 100 : 40;

function sum(
  options: Pick<SlowMembersOptions, 'how' | 'slowMaxMs' | 'runningMaxMs' | 'lifeguard'>,
): FalsePositives {
  let [ofHealthy, ofSlow] = [0, 0];
  for (const seed of seeds) {
    const run = { seed, count, slowCount: count / 10, durationMs: 300_000, reportsDelay: options.lifeguard };
    const found = runSlowMembers({ ...options, ...run });
    ofHealthy += found.ofHealthy;
    ofSlow += found.ofSlow;
  }
  return { ofHealthy, ofSlow };
}

// Lifeguard (Dadgar et al. 2018) §V, the interval experiment: a tenth of the members handles messages only now and then.
test.each([
  [8000, 500],
  [16_000, 500],
  [32_000, 1000],
])(
  'slow for up to %i ms, well for up to %i ms: Lifeguard makes at most a tenth of the false positives',
  (slowMaxMs, runningMaxMs) => {
    const off = sum({ how: 'stall', slowMaxMs, runningMaxMs, lifeguard: false });
    const on = sum({ how: 'stall', slowMaxMs, runningMaxMs, lifeguard: true });
    expect(off.ofHealthy).toBeGreaterThan(20);
    expect(on.ofHealthy).toBeLessThanOrEqual(off.ofHealthy / 10);
  },
  600_000,
);
