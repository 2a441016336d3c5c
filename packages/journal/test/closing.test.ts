import { type Disk, errorCode, logIndex, ManualClock, nodeId, term } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { folderDisk } from '../src/index.ts';
import { CrashDisk } from './crash-disk.ts';
import { entry, fill, group, open, other, temporaryFolder, turns } from './small-journal.ts';

/** How a call has ended so far. */
function watch(call: PromiseLike<unknown> | undefined): { state: string } {
  const seen = { state: 'under way' };
  Promise.resolve(call).then(
    () => {
      seen.state = 'done';
    },
    (error: unknown) => {
      seen.state = String(errorCode(error));
    },
  );
  return seen;
}

describe('closing a file', () => {
  test('waits for what is under way on the pool', async () => {
    const disk = folderDisk(temporaryFolder());
    await using lock = await disk.lock();
    const file = await disk.open('one.log', { create: true });
    const calls = [
      file.write([new Uint8Array(4_000_000)], 0),
      file.sync(),
      file.read(new Uint8Array(100), 0),
      file.allocate(8_000_000),
    ].map(call => watch(call));
    await file[Symbol.asyncDispose]();
    // What is done tells its caller within microtasks: nothing of it needs the pool any more.
    await turns(10);
    expect(calls.map(({ state }) => state)).toEqual(['done', 'done', 'done', 'done']);
    void lock;
  });

  test.each(['pool', 'blocking'] as const)('refuses every later call, mode %s', async mode => {
    const disk = folderDisk(temporaryFolder(), { mode });
    await using lock = await disk.lock();
    const file = await disk.open('one.log', { create: true });
    await file[Symbol.asyncDispose]();
    const refused = { code: 'IO_FAILED', outcome: 'not-applied', message: 'File "one.log" was closed' };
    await expect((async () => file.write([new Uint8Array(1)], 0))()).rejects.toMatchObject(refused);
    await expect((async () => file.sync())()).rejects.toMatchObject(refused);
    await expect(file.read(new Uint8Array(1), 0)).rejects.toMatchObject(refused);
    await expect(file.allocate(10)).rejects.toMatchObject(refused);
    await expect(file.truncate(0)).rejects.toMatchObject(refused);
    await file[Symbol.asyncDispose]();
    void lock;
  });
});

/** Lets calls wait while it is shut. */
class Gate {
  passing: Promise<void> | undefined;
  lift: () => void = () => undefined;

  shut(): void {
    this.passing = new Promise(resolve => {
      this.lift = resolve;
    });
  }
}

/** A disk whose calls for room, and whose syncs, wait at gates. */
function gated(disk: Disk): { disk: Disk; room: Gate; syncs: Gate } {
  const room = new Gate();
  const syncs = new Gate();
  const open: Disk['open'] = async (name, options) => {
    const file = await disk.open(name, options);
    const sync = file.sync.bind(file);
    const allocate = file.allocate.bind(file);
    return Object.assign(file, {
      allocate: async (size: number) => {
        await room.passing;
        await allocate(size);
      },
      sync: async () => {
        await syncs.passing;
        await sync();
      },
    });
  };
  const other: Disk = {
    capabilities: disk.capabilities,
    open,
    list: () => disk.list(),
    rename: (from, to) => disk.rename(from, to),
    remove: name => disk.remove(name),
    syncNames: () => disk.syncNames(),
    lock: () => disk.lock(),
  };
  return { disk: other, room, syncs };
}

const manyTurns = async (): Promise<void> => {
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
};

describe('closing a journal', () => {
  test('waits for what is under way though its own last write is refused', async () => {
    const clock = new ManualClock();
    const full = new CrashDisk();
    full.capacity = 200_000;
    const { disk, room, syncs } = gated(full);
    const journal = await open(disk, { clock });
    const last = await fill(journal);
    clock.advance(100);
    room.shut();
    syncs.shut();
    const hardState = { term: term(2), votedFor: nodeId('a'), committed: logIndex(0) };
    const refused = watch(journal.write({ group, entries: [entry(last + 1, 3000)] }));
    const kept = watch(journal.write({ group: other, hardState }));
    const closing = watch(journal[Symbol.asyncDispose]());
    await manyTurns();
    expect([refused.state, kept.state]).toEqual(['under way', 'under way']);
    // There is none: what adds entries is refused with all that its group wrote behind it, and the other group's vote goes on.
    room.lift();
    await manyTurns();
    expect([refused.state, kept.state, closing.state]).toEqual(['STORAGE_FULL', 'under way', 'under way']);
    syncs.lift();
    await manyTurns();
    expect([kept.state, closing.state]).toEqual(['done', 'done']);
  });

  test('waits for a write though more waits than may wait', async () => {
    const disk = folderDisk(temporaryFolder());
    const journal = await open(disk, { pendingBytesMax: 1000 });
    const write = watch(journal.write({ group, entries: [entry(1, 8000)] }));
    await journal[Symbol.asyncDispose]();
    expect(write.state).toBe('done');
  });

  test('waits for what is under way on a disk that is full', async () => {
    const clock = new ManualClock();
    for (let delay = 0; delay < 20; delay++) {
      const disk = new CrashDisk();
      disk.capacity = 200_000;
      const journal = await open(disk, { clock });
      const last = await fill(journal);
      clock.advance(100);
      const hardState = { term: term(2), votedFor: nodeId('a'), committed: logIndex(0) };
      const calls = [
        watch(journal.write({ group, entries: [entry(last + 1, 3000)] })),
        watch(journal.write({ group: other, hardState })),
      ];
      await turns(delay);
      await journal[Symbol.asyncDispose]();
      expect([delay, ...calls.map(({ state }) => state)]).toEqual([delay, 'STORAGE_FULL', 'done']);
      const { calls: before } = disk;
      await turns(50);
      expect([delay, disk.calls]).toEqual([delay, before]);
    }
  });
});
