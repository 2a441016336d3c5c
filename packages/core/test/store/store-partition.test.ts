import { describe, expect, test } from 'vitest';
import { type Revision, type SessionId, sessionId } from '../../src/ids.ts';
import type { Condition } from '../../src/store/store.ts';
import { queueKey, StorePartition } from '../../src/store/store-partition.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const absent = { absent: true } as const;
const one = sessionId('one');
const two = sessionId('two');

function put(partition: StorePartition, key: string, text = '', session?: SessionId): number {
  const current = partition.get(key);
  const condition: Condition = current === undefined ? absent : { modified: current.modified };
  const owner = session === undefined ? {} : { session };
  const result = partition.put({ type: 'put', key, value: bytes(text), ...owner }, condition);
  if (result.outcome !== 'applied') throw new Error('refused');
  return result.revision;
}

function keys(partition: StorePartition): string[] {
  const query = { prefix: '', createdBefore: Number.POSITIVE_INFINITY, newestFirst: false, limit: 1000 };
  return partition.list(query).entries.map(({ key }) => key);
}

describe('revisions', () => {
  test('count what changes, each batch as one', () => {
    const partition = new StorePartition();
    expect(put(partition, 'p/a')).toBe(1);
    expect(put(partition, 'p/a')).toBe(2);
    const writes = ['p/b', 'p/c'].map(key => ({ type: 'put' as const, key, value: bytes('') }));
    expect(partition.batch(new Map(), writes)).toEqual({ outcome: 'applied', revision: 3 });
    expect(partition.batch(new Map([['p/a', absent]]), writes)).toMatchObject({ outcome: 'not-applied' });
    expect(partition.batch(new Map([['p/b', { created: 3 as Revision }]]), [])).toEqual({
      outcome: 'applied',
      revision: 3,
    });
    expect(partition.delete('p/never', { created: 1 as Revision })).toEqual({ outcome: 'not-applied' });
    expect(partition.revision).toBe(3);
  });

  test('go on where a partition that was forgotten had ended', () => {
    const partition = new StorePartition({ revision: 41 as Revision });
    expect(partition.revision).toBe(41);
    expect(put(partition, 'p/a')).toBe(42);
    expect(partition.changesAfter('p', 41)?.length).toBe(1);
    expect(partition.changesAfter('p', 40)).toBeUndefined();
  });
});

describe('a queue', () => {
  test('takes no key that is there', () => {
    const partition = new StorePartition();
    put(partition, queueKey('p/', 2 as Revision));
    const { self, predecessor } = partition.enqueue('p/', bytes(''), one);
    expect(self.key).toBe(queueKey('p/', 3 as Revision));
    expect(self.created).toBe(3);
    expect(predecessor?.key).toBe(queueKey('p/', 2 as Revision));
  });

  test('has keys that sort as they were created, up to the largest revision', () => {
    const revisions = [1, 9, 10, 999, 2 ** 40, Number.MAX_SAFE_INTEGER].map(revision => revision as Revision);
    const named = revisions.map(revision => queueKey('q/', revision));
    expect(named.toSorted()).toEqual(named);
  });
});

describe('sessions', () => {
  test('end with their entries, each by a change of its own in order of creation, and with their operation', () => {
    const partition = new StorePartition();
    put(partition, 'p/a', '', one);
    put(partition, 'p/b', '', two);
    put(partition, 'p/c', '', one);
    put(partition, 'p/a', 'again', one);
    const operation = { session: one, sequence: 1 };
    partition.add('p/n', 1n, operation);
    partition.endSession(one);
    expect(keys(partition)).toEqual(['p/b', 'p/n']);
    expect(partition.changesAfter('p', 5)).toMatchObject([
      { type: 'delete', revision: 6, entry: { key: 'p/a', created: 1, modified: 4 } },
      { type: 'delete', revision: 7, entry: { key: 'p/c', created: 3 } },
    ]);
    expect(partition.add('p/n', 1n, operation).value).toBe(2n);
    partition.endSession(sessionId('never'));
    expect(partition.revision).toBe(8);
  });

  test('that are dead are refused: as owners for certain, and as operations unknown', () => {
    const alive = new Set([one, two]);
    const partition = new StorePartition({ isAlive: session => alive.has(session) });
    const operation = { session: one, sequence: 1 };
    const write = { type: 'put' as const, key: 'p/a', value: bytes(''), session: two };
    const first = partition.put(write, absent, operation);
    alive.delete(two);
    const dead = { code: 'SESSION_LOST', outcome: 'not-applied' };
    expect(() => partition.put({ ...write, key: 'p/b' }, absent)).toThrow(expect.objectContaining(dead));
    expect(() => partition.enqueue('p/q/', bytes(''), two)).toThrow(expect.objectContaining(dead));
    expect(() => partition.batch(new Map(), [write])).toThrow(expect.objectContaining(dead));
    // What took effect before it died did take effect.
    expect(partition.put(write, absent, operation)).toBe(first);
    alive.delete(one);
    const unknown = { code: 'SESSION_LOST', outcome: 'unknown' };
    expect(() => partition.put(write, absent, operation)).toThrow(expect.objectContaining(unknown));
    expect(() => partition.add('p/n', 1n, operation)).toThrow(expect.objectContaining(unknown));
    expect(partition.revision).toBe(1);
  });
});

describe('what a partition remembers', () => {
  test('is what makes it not empty', () => {
    const partition = new StorePartition();
    expect(partition.isEmpty).toBe(true);
    const operation = { session: one, sequence: 1 };
    const result = partition.put({ type: 'put', key: 'p/a', value: bytes('') }, absent, operation);
    expect(partition.delete('p/a', { created: 1 as Revision })).toMatchObject({ outcome: 'applied' });
    expect(partition.isEmpty).toBe(false);
    expect(partition.put({ type: 'put', key: 'p/a', value: bytes('') }, absent, operation)).toBe(result);
    partition.endSession(one);
    expect(partition.isEmpty).toBe(true);
  });

  test('is no operation that was refused', () => {
    const partition = new StorePartition();
    const theirs = put(partition, 'p/a', 'theirs') as Revision;
    const operation = { session: one, sequence: 1 };
    const mine = () => partition.put({ type: 'put', key: 'p/a', value: bytes('mine') }, absent, operation);
    expect(mine()).toMatchObject({ outcome: 'not-applied', current: { created: theirs } });
    partition.delete('p/a', { created: theirs });
    const taken = mine();
    expect(taken).toMatchObject({ outcome: 'applied', revision: 3 });
    expect(mine()).toBe(taken);
    const other = { session: two, sequence: 1 };
    const batch = (condition: Condition) => partition.batch(new Map([['p/a', condition]]), [], other);
    expect(batch(absent).outcome).toBe('not-applied');
    expect(batch({ created: 3 as Revision }).outcome).toBe('applied');
  });

  test('is no operation that threw', () => {
    const partition = new StorePartition();
    put(partition, 'p/n', 'words');
    const operation = { session: one, sequence: 1 };
    expect(() => partition.add('p/n', 1n, operation)).toThrow(RangeError);
    put(partition, 'p/n', '1');
    expect(partition.add('p/n', 1n, operation).value).toBe(2n);
  });
});

describe('numbers', () => {
  test.each(['', '-', '+1', ' 1', '1.0', '1e3', '٣', '12345678901234567890'])('are not %j', text => {
    const partition = new StorePartition();
    put(partition, 'p/n', text);
    expect(() => partition.add('p/n', 1n)).toThrow(
      `Value of "p/n" must be an integer in decimal digits to be added to: received "${text}"`,
    );
  });

  test('of 19 digits may still be beyond 64 bits', () => {
    const partition = new StorePartition();
    put(partition, 'p/n', '9999999999999999999');
    expect(() => partition.add('p/n', -1n)).toThrow('must fit a signed 64-bit integer');
    expect(partition.add('p/n', -999_999_999_999_999_999n).value).toBe(9_000_000_000_000_000_000n);
  });

  test('are shown in part where they are long', () => {
    const partition = new StorePartition();
    put(partition, 'p/n', 'x'.repeat(1000));
    expect(() => partition.add('p/n', 1n)).toThrow(new RegExp(`"x{40}…"$`, 'u'));
  });
});

describe('changes', () => {
  test('are known as far back as is asked for, and all or none of a batch', () => {
    const partition = new StorePartition({ changesMax: 3 });
    for (let count = 0; count < 4; count++) {
      const writes = ['a', 'b'].map(name => ({
        type: 'put' as const,
        key: `p/${name}`,
        value: bytes(`${count}`),
      }));
      partition.batch(new Map(), writes);
    }
    const after = (revision: number) => partition.changesAfter('p', revision)?.map(change => change.revision);
    expect([0, 1, 2, 3, 4].map(after)).toEqual([undefined, undefined, [3, 3, 4, 4], [4, 4], []]);
  });

  test('of others are left out, and cost nothing of the order', () => {
    const partition = new StorePartition();
    for (let count = 0; count < 50; count++) put(partition, `p/${count % 5}`, `${count}`);
    for (const from of [0, 7, 23, 49, 50]) {
      const expected = Array.from({ length: 50 }, (_, index) => index + 1).filter(
        revision => revision > from && (revision - 1) % 5 === 2,
      );
      expect(partition.changesAfter('p/2', from)?.map(({ revision }) => revision)).toEqual(expected);
    }
  });
});
