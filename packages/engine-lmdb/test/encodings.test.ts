import type { Entry, Revision, SessionId } from '@quorate/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeEntry, encodeEntry } from '../src/entry-record.ts';
import { TopicReader, topicFrame } from '../src/host/topic-frame.ts';
import {
  folderOf,
  isUnder,
  orderKey,
  placeOfOrderKey,
  sessionKey,
  tables,
  textOfSessionKey,
} from '../src/table-keys.ts';

const keys = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter(text => text.isWellFormed() && !text.includes('\0'));
const paths = fc.array(keys, { minLength: 1, maxLength: 4 }).map(parts => parts.join('/'));
const revisions = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });

describe('what is written is read', () => {
  test('of entries', () => {
    const sessions = fc.option(
      fc.string({ minLength: 1, maxLength: 255 }).filter(text => text.isWellFormed()),
      {
        nil: undefined,
      },
    );
    fc.assert(
      fc.property(
        paths,
        fc.uint8Array(),
        revisions,
        revisions,
        sessions,
        (key, value, created, modified, session) => {
          const entry: Entry = {
            key,
            value,
            created: created as Revision,
            modified: modified as Revision,
            ...(session === undefined ? {} : { session: session as SessionId }),
          };
          expect(decodeEntry(key, encodeEntry(entry))).toEqual(entry);
        },
      ),
    );
  });

  test('of places in a folder, which are in order of creation', () => {
    fc.assert(
      fc.property(paths, keys, revisions, revisions, (path, other, one, two) => {
        expect(placeOfOrderKey(orderKey(path, one))).toEqual({
          folder: folderOf(path),
          created: one,
          key: path,
        });
        const sibling = `${folderOf(path)}${other.replaceAll('/', '-')}`;
        if (one === two) return;
        const order = Math.sign(Buffer.compare(orderKey(path, one), orderKey(sibling, two)));
        expect(order).toBe(Math.sign(one - two));
      }),
    );
  });

  test('of what belongs to a session, whatever its name', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 255 }), paths, (session, path) => {
        expect(textOfSessionKey(sessionKey(tables.bySession, session, path))).toBe(path);
      }),
    );
  });

  test('of topics, however their frames are cut', () => {
    fc.assert(
      fc.property(fc.array(paths, { maxLength: 5 }), fc.integer({ min: 1, max: 20 }), (prefixes, size) => {
        const bytes = Buffer.concat(prefixes.map(prefix => topicFrame(`W${prefix}`)));
        const read: string[] = [];
        const reader = new TopicReader(topic => read.push(topic));
        for (let from = 0; from < bytes.length; from += size) {
          expect(reader.read(bytes.subarray(from, from + size))).toBe(true);
        }
        expect(read).toEqual(prefixes.map(prefix => `W${prefix}`));
      }),
    );
  });
});

test('what is no frame is refused', () => {
  const reader = new TopicReader(() => {});
  expect(reader.read(Buffer.from([0xff, 0xff, 1]))).toBe(false);
  expect(new TopicReader(() => {}).read(Buffer.from([0, 0]))).toBe(false);
});

test.each([
  ['p', 'p', true],
  ['p', 'p/a', true],
  ['p', 'pq', false],
  ['p', 'p-q/a', false],
  ['p/', 'p/a', true],
  ['p/a', 'p/ab', true],
  ['p/a', 'q/a', false],
])('a key under a prefix: %s, %s: %s', (prefix, key, expected) => {
  expect(isUnder(prefix, key)).toBe(expected);
});
