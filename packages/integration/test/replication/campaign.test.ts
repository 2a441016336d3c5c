import { systemRandom } from '@quorate/core';
import { expect, onTestFailed, test } from 'vitest';
import { type CampaignOptions, type CampaignReport, runCampaign, writableWithinMs } from './campaign.ts';
import { faults, slowLeaderCutOff } from './faults.ts';
import { Volumes } from './volumes.ts';

const isLong = Number(process.env['QUORATE_LONG'] ?? 0) > 0;
const minuteMs = 60_000;
const fullDisk = Volumes.canMount()
  ? 'full file systems'
  : 'disks that say they are full (none can be mounted)';

async function campaign(options: Partial<CampaignOptions>): Promise<CampaignReport> {
  const seed = systemRandom.uint32();
  const names = ['ada', 'bob', 'cyd'];
  const usual = { seed, names, faults, durationMs: 35_000, hands: 2, roaming: 4 };
  const report = await runCampaign({ ...usual, ...options });
  const { history, ...rest } = report;
  const text = JSON.stringify({ seed, ...rest, history: { ...history, fates: undefined } });
  if (isLong) process.stdout.write(`${text}\n`);
  else onTestFailed(() => void process.stderr.write(`${text}\n`));
  return report;
}

/** What every campaign has to come to. */
function expectKept({ history, wrongs, acknowledged, writableMs, terms }: CampaignReport): void {
  expect(wrongs).toEqual([]);
  expect(history).toMatchObject({ verdict: 'ok', detail: '', openOfSessions: 0 });
  expect(writableMs).toBeLessThan(writableWithinMs);
  // It would prove nothing if nothing was written while it changed who leads.
  expect(acknowledged).toBeGreaterThan(50);
  expect(terms).toBeGreaterThan(2);
}

/** Everything has happened, and has had the effect that it is there for. */
function expectAll(report: CampaignReport): void {
  expect(Object.keys(report.faults).sort()).toEqual(faults.map(({ name }) => name).sort());
  const reached = ['disk full', 'disk room', 'snapshot taken', 'stalled: event-loop', 'stalled: disk'];
  expect(Object.keys(report.reached)).toEqual(expect.arrayContaining(reached));
}

test(
  `three processes keep what they acknowledged through SIGKILL without what was not synced, SIGSTOP, links cut one way, ${fullDisk} and stalls`,
  async () => {
    const report = await campaign(isLong ? { durationMs: 5 * minuteMs } : {});
    expectKept(report);
    expectAll(report);
  },
  15 * minuteMs,
);

test.skipIf(!isLong)(
  'so do five, of which more fail at a time (needs QUORATE_LONG)',
  async () => {
    const names = ['ada', 'bob', 'cyd', 'dan', 'eve'];
    const report = await campaign({ names, durationMs: 5 * minuteMs, hands: 3 });
    expectKept(report);
    expectAll(report);
  },
  15 * minuteMs,
);

test(
  'what a leader reads by its lease is not old, though its clock is the slowest and others lead already',
  async () => {
    const durationMs = isLong ? minuteMs : 15_000;
    expectKept(await campaign({ faults: [slowLeaderCutOff], hands: 1, durationMs }));
  },
  15 * minuteMs,
);
