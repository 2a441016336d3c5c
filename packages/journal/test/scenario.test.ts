import type { Disk, DiskFile } from '@quorate/core';
import { simulate } from '@quorate/sim';
import { describe, expect, test } from 'vitest';
import journal, { journalScenario } from '../scenarios/journal.ts';

const seeds = process.env['QUORATE_LONG'] === undefined ? 20 : 2_000;

/** A disk whose files are changed on their way to the journal. */
function withFiles(disk: Disk, change: (file: DiskFile) => Partial<DiskFile>): Disk {
  const wrapFile = (file: DiskFile): DiskFile => {
    const own: DiskFile = {
      name: file.name,
      get size() {
        return file.size;
      },
      write: (chunks, offset) => file.write(chunks, offset),
      sync: () => file.sync(),
      read: (into, offset) => file.read(into, offset),
      allocate: size => file.allocate(size),
      truncate: size => file.truncate(size),
      [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
    };
    return Object.defineProperties(own, Object.getOwnPropertyDescriptors(change(file)));
  };
  return {
    capabilities: disk.capabilities,
    open: async (name, options) => wrapFile(await disk.open(name, options)),
    list: () => disk.list(),
    rename: (from, to) => disk.rename(from, to),
    remove: name => disk.remove(name),
    syncNames: () => disk.syncNames(),
    lock: () => disk.lock(),
  };
}

describe('in the simulator', () => {
  test('nothing acknowledged is lost, whatever befalls machines and disks', async () => {
    const reached = new Set<string>();
    for (let seed = 1; seed <= seeds; seed++) {
      const result = await simulate(journal, { seed });
      expect(result, `seed ${seed}`).toMatchObject({ verdict: 'ok' });
      for (const probe of result.probes) reached.add(probe);
    }
    expect([...reached].sort()).toEqual(['compacted', 'full', 'overlapped', 'recovered']);
  }, 600_000);

  test.each([
    ['acknowledges before its sync', () => ({ sync: () => undefined })],
    [
      'goes on after a sync that failed',
      (file: DiskFile) => ({ sync: () => file.sync()?.catch(() => undefined) }),
    ],
  ] as const)(
    'a journal that %s is caught',
    async (_what, change) => {
      const scenario = journalScenario(disk => withFiles(disk, change));
      for (let seed = 1; seed <= 200; seed++) {
        const { verdict, finding } = await simulate(scenario, { seed });
        if (verdict === 'ok') continue;
        expect(finding?.rule).toBe('nothing-acknowledged-is-lost');
        return;
      }
      expect.unreachable('no seed of 200 showed it');
    },
    120_000,
  );
});
