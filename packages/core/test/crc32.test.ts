import { crc32 as reference } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32, crc32Portable } from '../src/crc32.ts';

test('the check value of CRC-32 (Koopman, Williams): "123456789" gives CBF43926', () => {
  expect(crc32(Buffer.from('123456789'))).toBe(0xcbf4_3926);
});

test('the loop and zlib give one value, for any part and any seed', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 3000 }),
      fc.nat(20),
      fc.nat(20),
      fc.integer({ min: 0, max: 0xffff_ffff }),
      (bytes, head, tail, seed) => {
        const end = Math.max(head, bytes.length - tail);
        const part = bytes.subarray(head, end);
        const start = Math.min(head, bytes.length);
        // Node 22 forgets the seed where there is nothing to add to it.
        const expected = part.length === 0 ? seed : reference(part, seed);
        expect(crc32Portable(bytes, start, start + part.length, seed)).toBe(expected);
        expect(crc32(bytes, start, start + part.length, seed)).toBe(expected);
      },
    ),
  );
});

test('a long message may be checked in pieces', () => {
  const bytes = new Uint8Array(5000).map((_, index) => index * 7);
  expect(crc32(bytes, 777, 5000, crc32(bytes, 0, 777))).toBe(crc32(bytes));
});
