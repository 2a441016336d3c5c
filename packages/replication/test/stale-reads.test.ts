import { runSeeds } from '@quorate/sim';
import { expect, test } from 'vitest';
import { staleReads } from '../scenarios/stale-reads.ts';

const isLong = Number(process.env['QUORATE_LONG'] ?? 0) > 0;
const from = { module: new URL('../scenarios/stale-reads.ts', import.meta.url), package: 'replication' };

test('nobody reads what is stale from a leader that is one no more and does not know it', async () => {
  const { failure, neverReached } = await runSeeds(staleReads, { ...from, seeds: isLong ? 5000 : 60 });
  expect(failure?.text).toBeUndefined();
  expect(neverReached).toEqual([]);
}, 3_600_000);
