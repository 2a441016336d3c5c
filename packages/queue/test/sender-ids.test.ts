import { seededRandom } from '@quorate/core';
import { expect, test } from 'vitest';
import { SenderIds } from '../src/messages/sender-ids.ts';

test('a sender’s ids are its random bytes and a count, and 64 in a row differ in their last letter', () => {
  const random = seededRandom(1);
  const bytes = random.bytes(12);
  const ids = new SenderIds({ ...random, bytes: () => bytes });
  const given = Array.from({ length: 64 * 40 }, () => ids.next() as string);
  expect(new Set(given).size).toBe(given.length);
  expect([...Buffer.from((given[0] as string).slice(0, 16), 'base64url')]).toEqual([...bytes]);
  for (let from = 0; from < given.length; from += 64) {
    const common = new Set(given.slice(from, from + 64).map(id => id.slice(0, -1)));
    expect([...common]).toEqual([`${(given[0] as string).slice(0, 16)}-${(from / 64).toString(36)}`]);
  }
});
