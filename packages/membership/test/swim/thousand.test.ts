import { expect, test } from 'vitest';
import { runLong } from './thousand.ts';

const long = process.env['QUORATE_LONG'] !== undefined;
const [count, minutes] = long ? [1000, 60] : [100, 5];

test(`${count} members run for ${minutes} simulated minutes, and nobody is ever doubted`, () => {
  const run = runLong(count, minutes * 60_000);
  expect(run.isSettled).toBe(true);
  expect(run.changes).toEqual({});
  expect(run.settledMs).toBeLessThan(60_000);
}, 600_000);
