import { crc32, type LogEntry, groupId, logIndex, term } from '@quorate/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeEntries, encodeEntries, entryBatchBytes } from '../src/entry-codec.ts';

const safe = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const arbitraryEntry: fc.Arbitrary<LogEntry> = fc.record({
  index: safe.map(logIndex),
  term: safe.map(term),
  kind: fc.integer({ min: 0, max: 0xffff_ffff }),
  payload: fc.uint8Array({ maxLength: 200 }),
});
const arbitraryGroup = fc.integer({ min: 0, max: 0xffff_ffff }).map(groupId);

function encoded(entries: readonly LogEntry[], group = groupId(0), checksum = true): Uint8Array {
  const bytes = new Uint8Array(entryBatchBytes(entries));
  expect(encodeEntries(bytes, 0, group, entries, { checksum })).toBe(bytes.length);
  return bytes;
}

function plain(entries: readonly LogEntry[] | undefined): unknown {
  return entries?.map(({ index, term, kind, payload }) => [
    index,
    term,
    kind,
    Buffer.from(payload).toString('hex'),
  ]);
}

const two: readonly LogEntry[] = [
  { index: logIndex(2 ** 40 + 1), term: term(7), kind: 3, payload: Buffer.from('abc') },
  { index: logIndex(2 ** 40 + 2), term: term(2 ** 53 - 1), kind: 0xffff_ffff, payload: new Uint8Array(0) },
];

describe('batches of entries', () => {
  test('of version 1 have a layout that does not change', () => {
    const head = '010100000500000002000000';
    const body =
      '0100000000010000070000000000000003000000030000006162630200000000010000ffffffffffff1f00ffffffff00000000';
    const hex = Buffer.from(encoded(two, groupId(5))).toString('hex');
    expect(hex.slice(0, 24)).toBe(head);
    expect(hex.slice(24, 32)).toBe('a0329940');
    expect(hex.slice(32)).toBe(body);
    const bare = Buffer.from(encoded(two, groupId(5), false)).toString('hex');
    expect(bare).toBe('01000000050000000200000000000000' + body);
  });

  test('come back as they went', () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryEntry, { maxLength: 20 }),
        arbitraryGroup,
        fc.boolean(),
        fc.boolean(),
        fc.nat(9),
        (entries, group, checksum, copy, at) => {
          const target = new Uint8Array(entryBatchBytes(entries) + at + 5);
          const end = encodeEntries(target, at, group, entries, { checksum });
          expect(end).toBe(target.length - 5);
          const batch = decodeEntries(target.subarray(at, end), { copy });
          expect(batch.fault).toBeUndefined();
          if (batch.fault !== undefined) return;
          expect(batch.group).toBe(group);
          expect(plain(batch.entries)).toEqual(plain(entries));
        },
      ),
    );
  });

  test.each([
    ['a Uint8Array', encoded(two)],
    ['a Buffer, whose slices share its memory', Buffer.from(encoded(two))],
  ])('payloads are views of %s unless copies are asked for', (_name, bytes) => {
    const views = decodeEntries(bytes);
    const copies = decodeEntries(bytes, { copy: true });
    bytes.fill(0);
    expect(views.fault ?? plain(views.entries)).not.toEqual(plain(two));
    expect(copies.fault ?? plain(copies.entries)).toEqual(plain(two));
  });

  test('are refused when cut anywhere, or when something follows', () => {
    for (const checksum of [true, false]) {
      const bytes = encoded(two, groupId(5), checksum);
      for (let length = 0; length < bytes.length; length++)
        expect(decodeEntries(bytes.slice(0, length)).fault).toBeDefined();
      expect(decodeEntries(Buffer.concat([bytes, Uint8Array.of(0)])).fault).toBeDefined();
    }
    expect(decodeEntries(Buffer.concat([encoded(two, groupId(5), false), Uint8Array.of(0)])).fault).toBe(
      'trailing',
    );
  });

  test('are refused whichever bit or byte is altered', () => {
    const bytes = encoded(two, groupId(5));
    for (let at = 0; at < bytes.length; at++) {
      for (let difference = 1; difference < 256; difference++) {
        const altered = bytes.with(at, (bytes[at] as number) ^ difference);
        expect(decodeEntries(altered).fault).toBeDefined();
      }
    }
  });

  test('are refused with numbers that nobody encodes, even under a right checksum', () => {
    const seal = (bytes: Uint8Array): Uint8Array => {
      new DataView(bytes.buffer).setUint32(12, crc32(bytes, 0, 12, crc32(bytes, 16)), true);
      return bytes;
    };
    const bytes = encoded(two, groupId(5));
    expect(decodeEntries(seal(bytes.slice())).fault).toBeUndefined();
    expect(decodeEntries(seal(bytes.with(0, 2))).fault).toBe('version');
    expect(decodeEntries(seal(bytes.with(1, 3))).fault).toBe('reserved');
    expect(decodeEntries(seal(bytes.with(2, 1))).fault).toBe('reserved');
    expect(decodeEntries(seal(bytes.with(11, 255))).fault).toBe('count');
    expect(decodeEntries(seal(bytes.with(8, 1))).fault).toBe('trailing');
    expect(decodeEntries(seal(bytes.with(16 + 6, 32))).fault).toBe('range');
    expect(decodeEntries(seal(bytes.with(16 + 20, 255))).fault).toBe('truncated');
  });

  test('are not written where there is no room, nor with a kind that does not fit', () => {
    const room = entryBatchBytes(two) - 1;
    expect(() => encodeEntries(new Uint8Array(room), 0, groupId(0), two)).toThrow(
      `Room for a batch of 2 entries must be at least ${room + 1} bytes: received ${room}`,
    );
    expect(() => encodeEntries(new Uint8Array(5), 0, groupId(0), [])).toThrow(RangeError);
    const [first] = two;
    for (const kind of [-1, 1.5, 2 ** 32, Number.NaN]) {
      expect(() =>
        encodeEntries(new Uint8Array(500), 0, groupId(0), [{ ...(first as LogEntry), kind }]),
      ).toThrow(`received ${kind}`);
    }
  });
});
