import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Random, seededRandom } from '@quorate/core';
import { folderDisk } from '@quorate/journal';
import { expect, test } from 'vitest';
import { UnsyncedDisk } from './unsynced-disk.ts';

test('what was not synced is read back, and is not on the medium but for some of its sectors', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-unsynced-'));
  const faults = { isFull: false, stalledUntilMs: 0 };
  const disk = new UnsyncedDisk(folderDisk(folder), seededRandom(1), faults);
  const lock = await disk.lock();
  const file = await disk.open('log', { create: true });
  const [length, count] = [2048, 40];
  await file.allocate(length * count);
  for (let at = 0; at < count; at++) await file.write([new Uint8Array(length).fill(at + 1)], at * length);
  const onMedium = (): Set<string> => {
    const bytes = readFileSync(join(folder, 'log'));
    const isThere = (at: number): number =>
      bytes.subarray(at * length, (at + 1) * length).filter(byte => byte === at + 1).length / length;
    return new Set(
      Array.from({ length: count }, (_, at) =>
        isThere(at) === 0 ? 'none' : isThere(at) === 1 ? 'all' : 'some',
      ),
    );
  };
  expect(onMedium()).toContain('none');
  expect(onMedium()).toContain('some');
  const into = new Uint8Array(length);
  expect(await file.read(into, 7 * length + 100)).toBe(length);
  expect([into[0], into[length - 101], into[length - 100]]).toEqual([8, 8, 9]);
  await file.sync();
  expect([...onMedium()]).toEqual(['all']);
  faults.isFull = true;
  await expect(file.allocate(length * count * 2)).rejects.toMatchObject({ code: 'STORAGE_FULL' });
  await file[Symbol.asyncDispose]();
  await lock[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** What decides by chance, decided: which files have durable writes, and that no write is there in part. */
function decided(hasDurableWrites: boolean): Random {
  return { ...seededRandom(1), below: bound => (bound === 2 && hasDurableWrites ? 0 : bound - 1) };
}

test('what was written durably is on the medium, and nothing else, over what was written there before', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-unsynced-'));
  const faults = { isFull: false, stalledUntilMs: 0 };
  const inner = folderDisk(folder);
  const lock = await inner.lock();
  const plain = await new UnsyncedDisk(inner, decided(false), faults).open('plain', { create: true });
  expect('writeDurably' in plain).toBe(false);
  const file = await new UnsyncedDisk(inner, decided(true), faults).open('log', { create: true });
  const onMedium = (): number[] => [...readFileSync(join(folder, 'log'))];
  const read = async (): Promise<number[]> => {
    const into = new Uint8Array(file.size);
    await file.read(into, 0);
    return [...into];
  };
  await file.allocate(6);
  await file.write([Uint8Array.of(1, 1, 1, 1, 1)], 0);
  expect(onMedium()).toEqual([0, 0, 0, 0, 0, 0]);
  await file.writeDurably?.([Uint8Array.of(2), Uint8Array.of(2)], 2);
  expect(onMedium()).toEqual([0, 0, 2, 2, 0, 0]);
  expect(await read()).toEqual([1, 1, 2, 2, 1, 0]);
  await file.sync();
  expect(onMedium()).toEqual([1, 1, 2, 2, 1, 0]);
  await file.writeDurably?.([Uint8Array.of(3, 3)], 5);
  expect(onMedium()).toEqual([1, 1, 2, 2, 1, 3, 3]);
  faults.isFull = true;
  await file.writeDurably?.([Uint8Array.of(4)], 6);
  const tooLong = file.writeDurably?.([Uint8Array.of(4, 4)], 6);
  await expect(tooLong).rejects.toMatchObject({ code: 'STORAGE_FULL' });
  for (const held of [plain, file, lock]) await held[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});
