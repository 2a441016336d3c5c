import { crc32, seededRandom } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { positionOf, segmentNumberMax, segmentOf } from '../src/format/position.ts';
import { CrashDisk } from './crash-disk.ts';
import { entry, group, open, save } from './small-journal.ts';

const first = 'segment-00000001.log';
const batchMagic = 0x3142_4a51;
const batchHeaderBytes = 64;
const sectionHeaderBytes = 16;

/** Batches of one entry of 4000 bytes each, in a journal that ended without being closed. */
async function written(count: number): Promise<CrashDisk> {
  const disk = new CrashDisk();
  const journal = await open(disk);
  for (let index = 1; index <= count; index++) await journal.write({ group, entries: [entry(index, 4000)] });
  return disk.after('none', seededRandom(1));
}

async function outcome(disk: CrashDisk): Promise<number | string> {
  try {
    return (await open(disk)).recover(group).last;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Every file and its bytes. */
function contents(disk: CrashDisk): readonly (readonly [string, Buffer])[] {
  return disk.names.map(name => [name, Buffer.from(disk.bytes(name))] as const);
}

function viewOf(disk: CrashDisk, name: string): { bytes: Uint8Array; view: DataView; salt: number } {
  const bytes = disk.bytes(name);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return { bytes, view, salt: view.getUint32(12, true) };
}

function batchesOf(disk: CrashDisk, name: string): number[] {
  const { view, bytes } = viewOf(disk, name);
  const found: number[] = [];
  for (let at = 64; at + batchHeaderBytes <= bytes.length; at += 8) {
    if (view.getUint32(at, true) === batchMagic) found.push(at);
  }
  return found;
}

/** Refused, and every file is as it was. */
async function expectRefusal(disk: CrashDisk, message: RegExp): Promise<void> {
  const before = contents(disk);
  expect(await outcome(disk)).toMatch(message);
  expect(contents(disk)).toEqual(before);
}

describe('another format version', () => {
  test('of the last segment is refused, though nothing in it looks like a batch', async () => {
    const disk = await written(20);
    const name = disk.names.filter(file => file.startsWith('segment')).at(-1) as string;
    expect(name).not.toBe(first);
    const { bytes, view } = viewOf(disk, name);
    for (const at of batchesOf(disk, name)) view.setUint32(at, 0x3242_4a51, true);
    view.setUint8(20, 2);
    view.setUint32(4, crc32(bytes, 8, 64), true);
    await expectRefusal(disk, /^File "segment-0000000\d.log" has format version 2 at offset 0: /);
  });

  test.each([1, 2, 4])('of the last %i batches is no torn tail', async count => {
    const disk = await written(5);
    const { bytes, view, salt } = viewOf(disk, first);
    const newer = batchesOf(disk, first).slice(-count);
    for (const at of newer) {
      view.setUint8(at + 23, 2);
      view.setUint32(at + 4, crc32(bytes, at + 8, at + 64, salt), true);
    }
    await expectRefusal(disk, new RegExp(`"${first}" has format version 2 at offset ${newer[0]}: `));
  });

  test('of a batch behind a torn one is refused', async () => {
    const disk = await written(5);
    const { bytes, view, salt } = viewOf(disk, first);
    const [torn, newer] = batchesOf(disk, first).slice(-2) as [number, number];
    bytes.fill(0, torn, torn + batchHeaderBytes);
    view.setUint8(newer + 23, 2);
    view.setUint32(newer + 4, crc32(bytes, newer + 8, newer + 64, salt), true);
    await expectRefusal(disk, new RegExp(`"${first}" has format version 2 at offset ${newer}: `));
  });

  test('of a record in the last batch is no torn tail', async () => {
    const disk = await written(5);
    const { bytes, view, salt } = viewOf(disk, first);
    const batch = batchesOf(disk, first).at(-1) as number;
    const section = batch + batchHeaderBytes;
    const end = section + sectionHeaderBytes + view.getUint32(section + 8, true);
    view.setUint8(section + sectionHeaderBytes + 15, 2);
    const sum = crc32(bytes, section + 8, end, view.getUint32(section + 4, true));
    view.setUint32(section, sum, true);
    view.setUint32(batch + 12, sum, true);
    view.setUint32(batch + 4, crc32(bytes, batch + 8, batch + 64, salt), true);
    await expectRefusal(disk, /is damaged at offset \d+: expected records of format version 1, not 2$/);
  });
});

describe('a file that is not as its header says', () => {
  test.each([64, 5000, 20_000, 40_000, 65_528])('cut off at %i bytes, is refused', async size => {
    const disk = await written(10);
    const file = await disk.open(first);
    await file.truncate(size);
    await expectRefusal(disk, new RegExp(`is damaged at offset ${size}: expected a file of 65536 bytes`));
  });

  test('cut off within its header, is refused if it is not the last', async () => {
    const disk = await written(10);
    const file = await disk.open(first);
    await file.truncate(20);
    await expectRefusal(disk, /is damaged at offset 0: expected a segment header of 64 bytes/);
  });

  test('with the header of another segment, is refused though it is the last', async () => {
    const disk = await written(20);
    const [name, before] = disk.names.filter(file => file.startsWith('segment')).toReversed() as [
      string,
      string,
    ];
    disk.bytes(name).set(disk.bytes(before).subarray(0, 64));
    for (const at of batchesOf(disk, name)) disk.bytes(name).fill(0, at, at + 64);
    await expectRefusal(disk, /expected the header of segment \d, not of \d/);
  });
});

describe('a journal that is refused', () => {
  test('for its snapshot, keeps older snapshots and its torn tail', async () => {
    const disk = new CrashDisk();
    const journal = await open(disk);
    for (let index = 1; index <= 20; index++) await journal.write({ group, entries: [entry(index, 4000)] });
    await save(journal, 5);
    const held = journal.openSnapshot(group);
    await save(journal, 6);
    expect(held?.metadata.index).toBe(5);
    const left = disk.after('all', seededRandom(1));
    const newest = left.names.findLast(name => name.endsWith('.snap')) as string;
    const rotten = left.bytes(newest);
    rotten[20] = (rotten[20] as number) ^ 1;
    await (await left.open(`${newest}.tmp`, { create: true })).sync();
    // The last batch is torn.
    const last = left.names.findLast(
      name => name.startsWith('segment') && batchesOf(left, name).length > 0,
    ) as string;
    const torn = batchesOf(left, last).at(-1) as number;
    left.bytes(last).fill(0, torn + 64, torn + 96);
    await expectRefusal(left, /snap" is damaged at offset/);
  });

  test('for want of a segment, keeps what it has', async () => {
    const disk = await written(40);
    await disk.remove('segment-00000002.log');
    await expectRefusal(disk, /expected a segment that is still needed/);
  });
});

test('positions stay apart up to the last segment number', () => {
  const last = positionOf(segmentNumberMax, 64);
  expect(Number.isSafeInteger(last)).toBe(true);
  expect(positionOf(segmentNumberMax, 72)).toBe(last + 1);
  expect(segmentOf(positionOf(segmentNumberMax, 2 ** 30 - 8))).toBe(segmentNumberMax);
});
