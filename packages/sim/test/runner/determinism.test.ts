import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkDeterminism } from '../../src/host/runner/check-determinism.ts';
import { seedsOf } from '../../src/host/runner/seed-range.ts';

const isLong = process.env['QUORATE_LONG'] !== undefined;

test.each([
  ['steady', isLong ? 10_000 : 100],
  ['forgetful', isLong ? 1000 : 20],
])(
  'no seed of %s differs between two processes, orders, time zones and locales',
  async (name, seeds) => {
    const report = await checkDeterminism({
      target: { file: fileURLToPath(new URL(`../fixtures/scenarios/${name}.ts`, import.meta.url)), name },
      seeds: seedsOf({ from: 1, to: seeds }),
      jobs: 2,
      seedDeadlineMs: 60_000,
    });
    expect(report).toMatchObject({ ended: 'done', compared: seeds, seeds: [] });
  },
  600_000,
);
