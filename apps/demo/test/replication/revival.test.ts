import { systemClock } from '@quorate/core';
import { expect, test } from 'vitest';
import type { Cluster } from '../../src/cluster.ts';
import type { NodeProcess } from '../../src/node-process.ts';
import { Revival } from '../../src/replication/revival.ts';
import { Tape } from '../../src/tape.ts';
import { LocalGroup } from './local-group.ts';

/** Starts nodes of this process in place of processes. */
function clusterOf(local: LocalGroup): Cluster {
  const restart: Cluster['restart'] = async (id, whenUp) => {
    const host = await local.host(id);
    await whenUp({ ...host, exit: new Promise(() => {}) } as unknown as NodeProcess);
    return id;
  };
  return { restart } as Cluster;
}

test('a replica that is started where no majority runs is up, and whoever waits is told who is missing', async () => {
  await using local = await LocalGroup.start();
  const tape = new Tape(systemClock);
  const revival = new Revival(local.group, clusterOf(local), tape, systemClock);
  for (const id of ['n1', 'n2', 'n3']) await local.stop(id);
  await expect(revival.startAgain('n1', { withoutMajorityMs: 300 })).rejects.toMatchObject({
    code: 'NO_MAJORITY',
    outcome: 'applied',
    retryable: true,
    message: expect.stringMatching(
      /^n1 is back on its journal after .*\. No majority: n2 and n3 do not answer, and 2 of 3 replicas must: it catches up when they do$/,
    ),
  });
  expect(local.group.isRunning('n1')).toBe(true);
  // With one more there is a majority, and both catch up.
  const report = await revival.startAgain('n2', { withoutMajorityMs: 10_000 });
  expect(report.node).toBe('n2');
  expect(tape.entries.map(({ kind, text }) => `${kind} ${text.slice(0, 23)}`)).toEqual([
    'change n2 is back on its journ',
  ]);
}, 120_000);
