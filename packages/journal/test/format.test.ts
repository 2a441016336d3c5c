import { createHash } from 'node:crypto';
import { groupId, logIndex, ManualClock, nodeId, seededRandom, term } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { crc32c } from '../src/crc32c.ts';
import { openJournal } from '../src/index.ts';
import { CrashDisk } from './crash-disk.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const sum = (bytes: Uint8Array, seed = 0): number =>
  crc32c(seed, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.length);

describe('CRC32C', () => {
  test('RFC 3720, appendix B.4: the examples', () => {
    const counted = Uint8Array.from({ length: 32 }, (_, at) => at);
    expect(sum(new Uint8Array(32))).toBe(0x8a91_36aa);
    expect(sum(new Uint8Array(32).fill(0xff))).toBe(0x62a8_ab43);
    expect(sum(counted)).toBe(0x46dd_794e);
    expect(sum(counted.toReversed())).toBe(0x113f_db5c);
    expect(sum(new TextEncoder().encode('123456789'))).toBe(0xe306_9283);
  });

  test('continues from any place', () => {
    const bytes = seededRandom(1).bytes(100);
    for (let at = 0; at <= 100; at++) {
      expect(sum(bytes.subarray(at), sum(bytes.subarray(0, at)))).toBe(sum(bytes));
    }
  });
});

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
      `"514a5331731280e501000000a1181401000001000100000000000000000000000000000000000000000000000000000000000000000000000000000000000000"`,
    );
    expect(hex(segment.subarray(64, 128))).toMatchInlineSnapshot(
      `"514a42316f752c520000000002ddc94d010000000000000101000000400000000100000040000000700000000300000001000000000000000000000000000000"`,
    );
    expect(hex(segment.subarray(128, 288))).toMatchInlineSnapshot(
      `"21f785a1672eb72d070000070d0c0b0a030000000000000101000000000000017061796c6f6164004b23618c21f785a1000000ff0d0c0b0affffffffffff1f01020000000000000102ddc94d4b23618c020000010d0c0b0affffffffffff1f0101000000000000046e31000000000000514a42312edcd91a6f752c523262cd4d020000000000000101000000f000000001000000f00000002000000001000000"`,
    );
    expect(hex(segment.subarray(288, 480))).toMatchInlineSnapshot(
      `"010000000000000000000000000000003262cd4d0ea9f3f6000000000d0c0b0a00000000000000010200000000000003514a42314e24770d2edcd91a5a0ab7f60300000000000001010000005001000001000000500100002000000001000000010000000000000000000000000000005a0ab7f629d4cfbf000000010d0c0b0a05000000000000010900000000000005000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"`,
    );
    expect(segment.subarray(480).every(byte => byte === 0)).toBe(true);
    expect(createHash('sha256').update(segment).digest('hex')).toMatchInlineSnapshot(
      `"3fc033134504d835ceeed228c0222cedc5a34b946e2bf6e35310fd08c0eb5258"`,
    );
    expect(hex(disk.bytes('snapshot-0a0b0c0d-00000001.snap'))).toMatchInlineSnapshot(
      `"514a534e0c0ecb040d0c0b0a03000000090000000000000105000000000000000102030000000000050000009ac44fa173746174650700000030eff73b6d616368696e650000000038453abd0c00000000000001"`,
    );
  });

  test('of another version is refused', async () => {
    const disk = new CrashDisk();
    const journal = await openJournal({ disk, segmentBytes: 65_536 });
    await journal[Symbol.asyncDispose]();
    const bytes = disk.bytes('segment-00000001.log');
    bytes[20] = 2;
    const view = new DataView(bytes.buffer);
    view.setUint32(4, crc32c(0, view, 8, 64), true);
    await expect(openJournal({ disk, segmentBytes: 65_536 })).rejects.toThrow(
      'expected format version 1, not 2',
    );
  });
});
