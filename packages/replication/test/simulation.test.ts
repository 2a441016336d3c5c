import { runSeeds } from '@quorate/sim';
import { expect, test } from 'vitest';
import { replication, replicationForMinutes, replicationOnDisk } from '../scenarios/replication.ts';

const isLong = Number(process.env['QUORATE_LONG'] ?? 0) > 0;
const from = { module: new URL('../scenarios/replication.ts', import.meta.url), package: 'replication' };

test('five replicas of a map keep their promises under all faults, whoever is a member', async () => {
  const seeds = isLong ? 10_000 : 1500;
  const { failure, neverReached } = await runSeeds(replication, { ...from, seeds });
  expect(failure?.text).toBeUndefined();
  // A probe that no seed reaches stands for something that was not tested.
  expect(neverReached).toEqual([]);
}, 3_600_000);

test('so they do on journals whose disks tear writes, fill up and fail to sync', async () => {
  const seeds = isLong ? 10_000 : 500;
  const { failure, neverReached } = await runSeeds(replicationOnDisk, { ...from, seeds });
  expect(failure?.text).toBeUndefined();
  expect(neverReached).toEqual([]);
}, 3_600_000);

test('so they do for minutes, with the times that replicas have by default', async () => {
  const seeds = isLong ? 1000 : 12;
  const { failure, neverReached } = await runSeeds(replicationForMinutes, { ...from, seeds });
  expect(failure?.text).toBeUndefined();
  expect(neverReached).toEqual([]);
}, 3_600_000);
