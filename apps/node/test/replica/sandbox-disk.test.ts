import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { groupId, type LogEntry, logIndex, term } from '@quorate/core';
import { openJournal } from '@quorate/journal';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sandboxDisk } from '../../src/replica/sandbox-disk.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-sandbox-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const group = groupId(1);
const entry = (index: number): LogEntry => ({
  index: logIndex(index),
  term: term(1),
  kind: 0,
  payload: new Uint8Array(Buffer.from(`entry ${index}`)),
});

describe('the disk of a process that may not sync', () => {
  test('carries a journal over its end, and says what it keeps it through', async () => {
    {
      await using journal = await openJournal({ disk: sandboxDisk(folder) });
      for (let index = 1; index <= 300; index++) await journal.write({ group, entries: [entry(index)] });
      expect(journal.capabilities.durability).toBe('os');
    }
    await using journal = await openJournal({ disk: sandboxDisk(folder) });
    expect(journal.recover(group).last).toBe(300);
    const [read] = await journal.read(group, logIndex(300), logIndex(301));
    expect(read).toEqual(entry(300));
  });

  test('writes, reads, grows, cuts and renames', async () => {
    const disk = sandboxDisk(folder);
    const file = await disk.open('a', { create: true });
    await file.write([Uint8Array.of(1, 2), Uint8Array.of(3)], 1);
    expect(file.size).toBe(4);
    await file.allocate(600_000);
    expect(file.size).toBe(600_000);
    const into = new Uint8Array(8);
    expect(await file.read(into, 0)).toBe(8);
    expect([...into]).toEqual([0, 1, 2, 3, 0, 0, 0, 0]);
    expect(await file.read(into, 599_998)).toBe(2);
    await file.truncate(3);
    await expect(file.truncate(4)).rejects.toThrow('must be cut to at most 3 bytes: received 4');
    await file[Symbol.asyncDispose]();
    await disk.rename('a', 'b');
    expect(await disk.list()).toEqual(['b']);
    const again = await disk.open('b');
    expect(again.size).toBe(3);
    await again[Symbol.asyncDispose]();
    await disk.remove('b');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('says what is not there, and what is there already', async () => {
    const disk = sandboxDisk(folder);
    await expect(disk.open('a')).rejects.toMatchObject({ code: 'NOT_FOUND', outcome: 'not-applied' });
    await expect(disk.remove('a')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await using _file = await disk.open('a', { create: true });
    await expect(disk.open('a', { create: true })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  });
});
