import { describe, expect, test } from 'vitest';
import {
  checkBatch,
  checkCondition,
  checkDelta,
  checkKey,
  checkOperation,
  checkValue,
  keyMaxBytes,
  partitionOf,
} from '../../src/store/store-arguments.ts';

const value = new Uint8Array(3);
const absent = { absent: true } as const;

test('the partition of a key is its first segment', () => {
  expect(['a/b/c', 'a', 'a/', 'ä/b', '/a', ''].map(partitionOf)).toEqual(['a', 'a', 'a', 'ä', '', '']);
});

describe('keys', () => {
  test.each([
    [7, 'Key must be a string: received 7'],
    ['', 'Key must begin with its partition: received ""'],
    ['/a', 'Key must begin with its partition: received "/a"'],
    ['a/\0', String.raw`Key must be well-formed Unicode without NUL: received "a/\u0000"`],
    ['a/\u{d800}', String.raw`Key must be well-formed Unicode without NUL: received "a/\ud800"`],
    [`a/${'x'.repeat(1023)}`, 'Key must be at most 1024 bytes of UTF-8: received 1025'],
    [`a/${'é'.repeat(512)}`, 'Key must be at most 1024 bytes of UTF-8: received 1026'],
  ])('refuses %j', (key, message) => {
    expect(() => checkKey('Key', key as string)).toThrow(message);
  });

  test.each(['a', 'a/', 'a//b', '🔒/🔒', `a/${'x'.repeat(keyMaxBytes - 2)}`, `a/${'é'.repeat(511)}`])(
    'takes %j',
    key => expect(() => checkKey('Key', key)).not.toThrow(),
  );
});

test('values are bytes within the limit', () => {
  expect(() => checkValue('a', value, 3)).not.toThrow();
  expect(() => checkValue('a', value, 2)).toThrow('Value of "a" must be at most 2 bytes: received 3');
  expect(() => checkValue('a', [1] as never, 2)).toThrow(TypeError);
});

test.each([undefined, null, {}, { absent: false }, { present: 1 }, { absent: true, created: 1 }])(
  'refuses the condition %j',
  condition => expect(() => checkCondition('a', condition as never)).toThrow(TypeError),
);

test.each([
  { created: -1 },
  { created: 1.5 },
  { modified: '1' },
  { modified: 2 ** 53 },
  { modified: undefined },
])('refuses the revision of %j', condition =>
  expect(() => checkCondition('a', condition as never)).toThrow(RangeError),
);

test('deltas have 64 bits', () => {
  for (const delta of [0n, 2n ** 63n - 1n, -(2n ** 63n)]) expect(() => checkDelta('a', delta)).not.toThrow();
  for (const delta of [2n ** 63n, -(2n ** 63n) - 1n])
    expect(() => checkDelta('a', delta)).toThrow(RangeError);
  expect(() => checkDelta('a', 1 as never)).toThrow(TypeError);
});

test('operations have a session and a positive number', () => {
  expect(() => checkOperation(undefined)).not.toThrow();
  expect(() => checkOperation({ session: 's' as never, sequence: 1 })).not.toThrow();
  for (const sequence of [0, -1, 1.5, Number.NaN, '1']) {
    expect(() => checkOperation({ session: 's' as never, sequence: sequence as never })).toThrow(RangeError);
  }
  expect(() => checkOperation({ sequence: 1 } as never)).toThrow(TypeError);
});

describe('batches', () => {
  const put = (key: string) => ({ type: 'put' as const, key, value });
  test.each([
    [new Map(), [], 'Batch must have a condition or a write'],
    [new Map(), [put('a/b'), put('a/b')], 'Key of a batch must be written once: received "a/b" twice'],
    [
      new Map(),
      [put('a/b'), put('c/b')],
      'Keys of a batch must lie in one partition: received "a/b" and "c/b"',
    ],
    [new Map([['c', absent]]), [put('a')], 'Keys of a batch must lie in one partition: received "c" and "a"'],
    [new Map(), [put('a/long')], 'Value of "a/long" must be at most 2 bytes: received 3'],
  ])('refuses %j', (conditions, writes, message) => {
    expect(() => checkBatch(conditions, writes, message.includes('2 bytes') ? 2 : 3)).toThrow(message);
  });

  test('may ask and write the same key', () => {
    expect(() =>
      checkBatch(new Map([['a/b', absent]]), [put('a/b'), { type: 'delete', key: 'a/c' }], 3),
    ).not.toThrow();
  });
});
