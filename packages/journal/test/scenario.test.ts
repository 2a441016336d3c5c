import { type Disk, type Done, errorCode } from '@quorate/core';
import { simulate } from '@quorate/sim';
import { describe, expect, test } from 'vitest';
import journal, { journalScenario } from '../scenarios/journal.ts';
import { withFiles } from './changed-files.ts';

const seeds = process.env['QUORATE_LONG'] === undefined ? 200 : 10_000;

async function ignoreFull(done: Done): Promise<void> {
  try {
    await done;
  } catch (error) {
    if (errorCode(error) !== 'STORAGE_FULL') throw error;
  }
}

/** A disk that stays full once it was. */
function fullForGood(disk: Disk): Disk {
  let full: unknown;
  return withFiles(disk, file => ({
    async allocate(size) {
      if (full !== undefined) throw full;
      try {
        await file.allocate(size);
      } catch (error) {
        if (errorCode(error) === 'STORAGE_FULL') full = error;
        throw error;
      }
    },
  }));
}

describe('in the simulator', () => {
  test('nothing acknowledged is lost, whatever befalls machines and disks', async () => {
    const reached = new Set<string>();
    for (let seed = 1; seed <= seeds; seed++) {
      const result = await simulate(journal, { seed });
      expect(result, `seed ${seed}`).toMatchObject({ verdict: 'ok' });
      for (const probe of result.probes) reached.add(probe);
    }
    expect([...reached].sort()).toEqual(journal.probes?.toSorted());
  }, 600_000);

  const lost = 'nothing-acknowledged-is-lost';
  test.each<[string, string, (disk: Disk) => Disk]>([
    ['acknowledges before its sync', lost, disk => withFiles(disk, () => ({ sync: () => undefined }))],
    [
      'goes on after a sync that failed',
      lost,
      disk => withFiles(disk, file => ({ sync: () => file.sync()?.catch(() => undefined) })),
    ],
    [
      'takes a write that found no room for done',
      lost,
      disk => withFiles(disk, file => ({ write: (chunks, at) => ignoreFull(file.write(chunks, at)) })),
    ],
    ['syncs no names', lost, disk => ({ ...withFiles(disk, () => ({})), syncNames: async () => {} })],
    ['never gets over a full disk', 'works-again', fullForGood],
  ])(
    'a journal that %s is caught',
    async (_what, rule, wrap) => {
      const scenario = journalScenario(wrap);
      for (let seed = 1; seed <= 500; seed++) {
        const { verdict, finding } = await simulate(scenario, { seed });
        if (verdict === 'ok') continue;
        expect(finding?.rule).toBe(rule);
        return;
      }
      expect.unreachable('no seed of 500 showed it');
    },
    120_000,
  );
});
