import { runSeeds, type Scenario } from '@quorate/sim';
import { expect, test } from 'vitest';
import { replication, replicationOnDisk } from '../scenarios/replication.ts';

const isLong = Number(process.env['QUORATE_LONG'] ?? 0) > 0;
const module = new URL('../scenarios/replication.ts', import.meta.url);

/** Finds nothing, and has been everywhere: a probe that no seed reaches stands for something that was not tested. */
async function campaign(scenario: Scenario, seeds: number): Promise<void> {
  const { failure, neverReached } = await runSeeds(scenario, { seeds, module, package: 'replication' });
  expect(failure?.text).toBeUndefined();
  expect(neverReached).toEqual([]);
}

test('five replicas of a map keep their promises under all faults, whoever is a member', async () => {
  await campaign(replication, isLong ? 10_000 : 1200);
}, 3_600_000);

test('so they do on journals whose disks tear writes, fill up and fail to sync', async () => {
  await campaign(replicationOnDisk, isLong ? 10_000 : 400);
}, 3_600_000);
