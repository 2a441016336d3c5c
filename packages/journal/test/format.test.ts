import { createHash } from 'node:crypto';
import { crc32, groupId, logIndex, ManualClock, nodeId, seededRandom, term } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { openJournal } from '../src/index.ts';
import { CrashDisk } from './crash-disk.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('the format', () => {
  test('is version 1, byte for byte', async () => {
    const disk = new CrashDisk();
    const clock = new ManualClock();
    const journal = await openJournal({ disk, segmentBytes: 65_536, clock, random: seededRandom(4) });
    const group = groupId(0x0a0b_0c0d);
    const payload = new TextEncoder().encode('payload');
    const big = 2 ** 53 - 1;
    await journal.write({
      group,
      entries: [
        { index: logIndex(1), term: term(3), kind: 7, payload },
        { index: logIndex(2), term: term(big), kind: 255, payload: new Uint8Array(0) },
      ],
      hardState: { term: term(big), votedFor: nodeId('n1'), committed: logIndex(1) },
    });
    await journal.write({ group, truncateFrom: logIndex(2) });
    const metadata = { index: logIndex(9), term: term(5), membership: Uint8Array.of(1, 2, 3) };
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode('state');
      yield new TextEncoder().encode('machine');
    }
    await journal.saveSnapshot(group, metadata, chunks());
    const segment = disk.bytes('segment-00000001.log');
    expect(hex(segment.subarray(0, 64))).toMatchInlineSnapshot(
      `"514a5331cedeb70001000000a1181401000001000100000000000000000000000000000000000000000000000000000000000000000000000000000000000000"`,
    );
    expect(hex(segment.subarray(64, 128))).toMatchInlineSnapshot(
      `"514a4231b0113b8b00000000ad8bab9e010000000000000101000000400000000100000040000000780000000300000001000000000000000000000000000000"`,
    );
    expect(hex(segment.subarray(128, 288))).toMatchInlineSnapshot(
      `"ad8bab9e7183793e6800000003000000070000070d0c0b0a03000000000000010100000000000001100000007061796c6f61640000000000000000ff0d0c0b0affffffffffff1f0102000000000000013800000000000000020000010d0c0b0affffffffffff1f010100000000000004580000006e310000514a4231ae3a55aab0113b8b2b03d62c020000000000000101000000f800000001000000f8000000"`,
    );
    expect(hex(segment.subarray(288, 480))).toMatchInlineSnapshot(
      `"3000000001000000010000000000000000000000000000002b03d62c9284f6b02000000001000000000000000d0c0b0a000000000000000102000000000000031000000000000000514a4231afc51c31ae3a55aa9c9f82b30300000000000001010000006801000001000000680100003000000001000000010000000000000000000000000000009c9f82b30c845c7c2000000001000000000000010d0c0b0a0500000000000001090000000000000510000000000000000000000000000000"`,
    );
    expect(segment.subarray(480).every(byte => byte === 0)).toBe(true);
    expect(createHash('sha256').update(segment).digest('hex')).toMatchInlineSnapshot(
      `"cc7d50d3b203b3c1cdb2fdf3ae7987b9e91fd70a88301c9c37ea5511cd35410f"`,
    );
    expect(hex(disk.bytes('snapshot-0a0b0c0d-00000001.snap'))).toMatchInlineSnapshot(
      `"514a534eb4fc42530d0c0b0a03000000090000000000000105000000000000000102030000000000050000000982ec68737461746507000000b6da53c06d616368696e650000000019ebaf390c00000000000001"`,
    );
  });

  test('of another version is refused', async () => {
    const disk = new CrashDisk();
    const journal = await openJournal({ disk, segmentBytes: 65_536 });
    await journal[Symbol.asyncDispose]();
    const bytes = disk.bytes('segment-00000001.log');
    bytes[20] = 2;
    const view = new DataView(bytes.buffer);
    view.setUint32(4, crc32(bytes, 8, 64), true);
    await expect(openJournal({ disk, segmentBytes: 65_536 })).rejects.toThrow(
      'has format version 2 at offset 0',
    );
  });
});
