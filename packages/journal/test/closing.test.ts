import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  type Disk,
  errorCode,
  groupId,
  logIndex,
  ManualClock,
  nodeId,
  seededRandom,
  term,
} from '@quorate/core';
import { afterEach, describe, expect, test } from 'vitest';
import { folderDisk, openJournal } from '../src/index.ts';
import { CrashDisk } from './crash-disk.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function temporary(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quorate-journal-'));
  cleanups.push(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const entry = (index: number, size: number) => ({
  index: logIndex(index),
  term: term(1),
  kind: 0,
  payload: new Uint8Array(size).fill(index),
});
const group = groupId(1);

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
    const disk = folderDisk(temporary());
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
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    expect(calls.map(({ state }) => state)).toEqual(['done', 'done', 'done', 'done']);
    void lock;
  });

  test.each(['pool', 'blocking'] as const)('refuses every later call, mode %s', async mode => {
    const disk = folderDisk(temporary(), { mode });
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
    const journal = await openJournal({ disk, segmentBytes: 65_536, clock, random: seededRandom(1) });
    let last = 0;
    const write = (): Promise<boolean> =>
      journal.write({ group, entries: [entry(last + 1, 3000)] }).then(
        () => true,
        () => false,
      );
    while (await write()) last++;
    clock.advance(100);
    room.shut();
    syncs.shut();
    const hardState = { term: term(2), votedFor: nodeId('a'), committed: logIndex(0) };
    const refused = watch(journal.write({ group, entries: [entry(last + 1, 3000)] }));
    const kept = watch(journal.write({ group: groupId(2), hardState }));
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
    const disk = folderDisk(temporary());
    const journal = await openJournal({ disk, segmentBytes: 65_536, pendingBytesMax: 1000 });
    const write = watch(journal.write({ group, entries: [entry(1, 8000)] }));
    await journal[Symbol.asyncDispose]();
    expect(write.state).toBe('done');
  });

  test('waits for what is under way on a disk that is full', async () => {
    const clock = new ManualClock();
    for (let delay = 0; delay < 20; delay++) {
      const disk = new CrashDisk();
      disk.capacity = 200_000;
      const journal = await openJournal({ disk, segmentBytes: 65_536, clock, random: seededRandom(1) });
      let last = 0;
      const isFull = (error: unknown): boolean => errorCode(error) === 'STORAGE_FULL';
      while (
        await journal.write({ group, entries: [entry(last + 1, 3000)] }).then(
          () => true,
          error => !isFull(error),
        )
      )
        last++;
      clock.advance(100);
      const hardState = { term: term(2), votedFor: nodeId('a'), committed: logIndex(0) };
      const calls = [
        watch(journal.write({ group, entries: [entry(last + 1, 3000)] })),
        watch(journal.write({ group: groupId(2), hardState })),
      ];
      for (let turn = 0; turn < delay; turn++) await Promise.resolve();
      await journal[Symbol.asyncDispose]();
      expect([delay, ...calls.map(({ state }) => state)]).toEqual([delay, 'STORAGE_FULL', 'done']);
      const { calls: before } = disk;
      for (let turn = 0; turn < 50; turn++) await Promise.resolve();
      expect([delay, disk.calls]).toEqual([delay, before]);
    }
  });
});
