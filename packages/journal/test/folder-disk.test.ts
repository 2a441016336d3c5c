import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import { groupId, logIndex, term } from '@quorate/core';
import { afterEach, describe, expect, test } from 'vitest';
import { folderDisk, openJournal } from '../src/index.ts';
import { payloadOf } from './kill-payload.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

function temporary(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quorate-journal-'));
  cleanups.push(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function start(folder: string, mode: string): ChildProcess {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'kill-writer.ts'), folder, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanups.push(() => child.kill('SIGKILL'));
  return child;
}

/** Lets the writer acknowledge so many writes, kills it and returns the last index that it acknowledged. */
async function killAfter(child: ChildProcess, lines: number): Promise<number> {
  let last = 0;
  let count = 0;
  const ended = once(child, 'close');
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    last = Number(line);
    count++;
    if (count === lines) child.kill('SIGKILL');
  }
  await ended;
  expect(child.signalCode).toBe('SIGKILL');
  return last;
}

const modes = ['blocking', 'pool'] as const;

describe.each(modes)('a folder, mode %s', mode => {
  test('a killed writer has lost nothing that it acknowledged, again and again, and can be followed at once', async () => {
    const folder = path.join(temporary(), 'made', 'here');
    const group = groupId(1);
    for (let life = 1; life <= 4; life++) {
      const last = await killAfter(start(folder, mode), life * 40);
      expect(last).toBeGreaterThan(0);
      await using journal = await openJournal({
        disk: folderDisk(folder, { mode }),
        segmentBytes: 1024 * 1024,
      });
      const held = journal.recover(group);
      expect(held.last).toBeGreaterThanOrEqual(last);
      for (const { index, payload } of await journal.read(group, held.first, logIndex(held.last + 1))) {
        expect(Buffer.compare(payload, payloadOf(index))).toBe(0);
      }
      if (held.snapshot === undefined) continue;
      for await (const chunk of journal.openSnapshot(group)?.chunks ?? [])
        expect(chunk.length).toBeGreaterThan(0);
    }
  }, 120_000);

  test('calls of the seam', async () => {
    const disk = folderDisk(temporary(), { mode });
    await using file = await disk.open('a', { create: true });
    await disk.syncNames();
    const done = file.write([Uint8Array.of(1, 2), Uint8Array.of(3)], 2);
    expect(done === undefined).toBe(mode === 'blocking');
    await done;
    await file.sync();
    expect(file.size).toBe(5);
    const into = new Uint8Array(10);
    expect(await file.read(into, 1)).toBe(4);
    expect([...into.subarray(0, 4)]).toEqual([0, 1, 2, 3]);
    await file.allocate(3_000_000);
    expect(file.size).toBe(3_000_000);
    await file.truncate(4);
    expect(file.size).toBe(4);
    await expect(file.truncate(5)).rejects.toThrow('File "a" must be cut to at most 4 bytes: received 5');
    await expect(disk.open('a', { create: true })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    await expect(disk.open('b')).rejects.toMatchObject({ code: 'NOT_FOUND', outcome: 'not-applied' });
    await expect(disk.remove('b')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(disk.open('../b')).rejects.toThrow('File name must be of letters, digits, ".", "-" and "_"');
    await disk.rename('a', 'c');
    expect(await disk.list()).toEqual(['c']);
    await disk.remove('c');
    expect(await file.read(into, 0)).toBe(4); // still open
  });
});

describe('the lock', () => {
  test('refuses another handle in the same thread, and names the owner', async () => {
    const folder = temporary();
    const lock = await folderDisk(folder).lock();
    await expect(folderDisk(folder).lock()).rejects.toMatchObject({
      code: 'ALREADY_OPEN',
      message: expect.stringContaining(`process ${process.pid}, thread 0`),
    });
    await lock[Symbol.asyncDispose]();
    await (await folderDisk(folder).lock())[Symbol.asyncDispose]();
  });

  test('refuses another thread, by whatever path it comes', async () => {
    const folder = temporary();
    const link = `${folder}-link`;
    fs.symlinkSync(folder, link);
    cleanups.push(() => fs.unlinkSync(link));
    await using _lock = await folderDisk(folder).lock();
    const code = `
      import { parentPort } from 'node:worker_threads';
      import { folderDisk } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)};
      folderDisk(${JSON.stringify(link)}).lock().then(() => parentPort.postMessage('locked'), error => parentPort.postMessage(error.code));`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`));
    const [answer] = await once(worker, 'message');
    await worker.terminate();
    expect(answer).toBe('ALREADY_OPEN');
  });

  test('refuses another process as long as that lives, however it ends', async () => {
    const folder = temporary();
    const child = start(folder, 'blocking');
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    await expect(openJournal({ disk: folderDisk(folder) })).rejects.toMatchObject({
      code: 'ALREADY_OPEN',
      message: expect.stringContaining(`process ${child.pid}`),
    });
    child.stdout?.resume();
    child.kill('SIGKILL');
    await once(child, 'close');
    const journal = await openJournal({ disk: folderDisk(folder) });
    await journal[Symbol.asyncDispose]();
  });
});

/** A file system of 3 MiB, or why there is none. */
function smallFileSystem(): { folder: string } | { reason: string } {
  if (process.platform !== 'linux') return { reason: 'only Linux can mount a small file system' };
  const folder = temporary();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', folder], { stdio: 'pipe' });
  } catch {
    return { reason: 'this user may not mount a small file system' };
  }
  cleanups.push(() => execFileSync('umount', [folder]));
  return { folder };
}

describe('a file system that is really full', () => {
  test.for(modes)('refuses, keeps, and goes on once there is room, mode %s', async (mode, context) => {
    const small = smallFileSystem();
    if ('reason' in small) {
      context.skip(small.reason);
      return;
    }
    const ballast = path.join(small.folder, 'ballast.bin');
    fs.writeFileSync(ballast, new Uint8Array(1024 * 1024));
    const group = groupId(1);
    const options = { segmentBytes: 512 * 1024, firstSegmentBytes: 512 * 1024 };
    const journal = await openJournal({ disk: folderDisk(small.folder, { mode }), ...options });
    let index = 0;
    const write = async (): Promise<void> => {
      const entry = { index: logIndex(index + 1), term: term(1), kind: 0, payload: payloadOf(index + 1) };
      await journal.write({ group, entries: [entry] });
      index++;
    };
    const filled = async (): Promise<void> => {
      for (;;) await write();
    };
    await expect(filled()).rejects.toMatchObject({
      code: 'STORAGE_FULL',
      outcome: 'not-applied',
      retryable: true,
    });
    expect(index).toBeGreaterThan(500);
    fs.rmSync(ballast);
    const before = index;
    await expect
      .poll(() =>
        write().then(
          () => 'written',
          () => 'full',
        ),
      )
      .toBe('written');
    expect(index).toBe(before + 1);
    await journal[Symbol.asyncDispose]();
    await using again = await openJournal({ disk: folderDisk(small.folder, { mode }), ...options });
    expect(again.recover(group).last).toBe(index);
    expect(await again.read(group, logIndex(1), logIndex(index + 1))).toHaveLength(index);
  });
});
