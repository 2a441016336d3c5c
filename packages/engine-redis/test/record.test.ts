import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readRecord, recordTail } from '../src/record.ts';
import { RedisKeys } from '../src/redis-keys.ts';
import { durabilityOf, evictionOf, isAlone, readConfig, readInfo, weakest } from '../src/server-facts.ts';

const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 });

test('a record is read as it was written, whatever the session and the value are', () => {
  const revision = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
  const value = fc.uint8Array({ maxLength: 40 });
  fc.assert(
    fc.property(
      revision,
      revision,
      fc.option(text, { nil: undefined }),
      value,
      (created, modified, session, bytes) => {
        const tail = Buffer.from(recordTail(session, bytes));
        const entry = readRecord('p/a', Buffer.concat([Buffer.from(`${created} ${modified} `), tail]));
        expect(entry).toEqual({
          key: 'p/a',
          value: bytes,
          created,
          modified,
          ...(session === undefined ? {} : { session }),
        });
      },
    ),
  );
});

test('each partition has a hash tag of its own, which names it whole', () => {
  const keys = new RedisKeys('quorate:');
  const partition = fc.string({
    unit: fc.constantFrom('a', 'b', '{', '}', '%', '7', 'D', ' '),
    minLength: 1,
  });
  fc.assert(
    fc.property(partition, partition, (one, other) => {
      const [first, second] = [keys.partition(`${one}/x`), keys.partition(`${other}/y`)];
      expect(first === second).toBe(one === other);
      // What Redis hashes: between the first opening brace and the first closing one after it.
      const tag = /\{(.*?)\}/.exec(first)?.[1];
      expect(tag).not.toBe('');
      expect(first).toBe(`quorate:{${tag}}`);
      expect(keys.watch(`${one}/x`).startsWith(`${first}:w:`)).toBe(true);
      expect(keys.sessions).not.toBe(first);
    }),
  );
});

test('what a server says of itself is read as it stands', () => {
  const info = readInfo('# Replication\r\nrole:master\r\nconnected_slaves:0\r\nhost:a:b\r\n');
  expect(info.get('host')).toBe('a:b');
  expect(isAlone({ info, config: undefined })).toBe(true);
  expect(isAlone({ info: undefined, config: undefined })).toBe(false);
  expect(readConfig(['appendonly', 'yes'])).toEqual(readConfig({ appendonly: 'yes' }));
  const config = readConfig(['appendonly', 'yes', 'appendfsync', 'always']);
  expect(durabilityOf({ info, config })).toBe('fsync');
  expect(durabilityOf({ info, config: undefined })).toBe('memory');
  expect(weakest(['fsync', 'os'])).toBe('os');
  expect(weakest([])).toBe('memory');
});

test('only a policy that drops what has no expiry is a danger, and only with a limit', () => {
  const facts = (maxmemory: string, policy: string) => ({
    info: new Map([
      ['maxmemory', maxmemory],
      ['maxmemory_policy', policy],
    ]),
    config: undefined,
  });
  expect(evictionOf(facts('1000', 'allkeys-lru'))).toBe('allkeys-lru');
  expect(evictionOf(facts('0', 'allkeys-lru'))).toBeUndefined();
  expect(evictionOf(facts('1000', 'volatile-lru'))).toBeUndefined();
  expect(evictionOf(facts('1000', 'noeviction'))).toBeUndefined();
});
