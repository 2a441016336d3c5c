import {
  bootId,
  fencingToken,
  groupId,
  idLengthMax,
  logIndex,
  messageId,
  nodeId,
  revision,
  sessionId,
  term,
} from '@quorate/core';
import { describe, expect, expectTypeOf, test } from 'vitest';

describe.each([
  ['Node id', nodeId],
  ['Session id', sessionId],
  ['Message id', messageId],
  ['Boot id', bootId],
] as const)('%s', (what, make: (value: string) => string) => {
  test('is the string itself, up to the limit', () => {
    expect(make('a')).toBe('a');
    expect(make('x'.repeat(idLengthMax))).toHaveLength(idLengthMax);
  });

  test('refuses what is empty, too long or no string, naming the value and the limit', () => {
    expect(() => make('')).toThrow(new RangeError(`${what} must not be empty`));
    expect(() => make('x'.repeat(256))).toThrow(
      new RangeError(`${what} must be at most 255 characters: received 256`),
    );
    expect(() => make(7 as unknown as string)).toThrow(new TypeError(`${what} must be a string: received 7`));
  });
});

describe.each([
  ['Group id', groupId, 0xffff_ffff],
  ['Revision', revision, Number.MAX_SAFE_INTEGER],
  ['Term', term, Number.MAX_SAFE_INTEGER],
  ['Log index', logIndex, Number.MAX_SAFE_INTEGER],
] as const)('%s', (what, make: (value: number) => number, max) => {
  test('is the integer itself within its bounds', () => {
    expect(make(0)).toBe(0);
    expect(make(max)).toBe(max);
  });

  test.each([-1, 0.5, max + 1, Number.NaN, Number.POSITIVE_INFINITY])('refuses %s', value => {
    expect(() => make(value)).toThrow(
      new RangeError(`${what} must be an integer from 0 to ${max}: received ${value}`),
    );
  });
});

test('a fencing token is a bigint that is not negative', () => {
  expect(fencingToken(1n << 70n)).toBe(1n << 70n);
  expect(() => fencingToken(-1n)).toThrow(new RangeError('Fencing token must be at least 0: received -1'));
  expect(() => fencingToken(1 as unknown as bigint)).toThrow(TypeError);
});

test('brands keep ids of different kinds apart', () => {
  expectTypeOf(nodeId('a')).not.toEqualTypeOf(sessionId('a'));
  expectTypeOf(nodeId('a')).toExtend<string>();
});
