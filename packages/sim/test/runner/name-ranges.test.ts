import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packNames, splitName, unpackNames } from '../../src/host/runner/name-ranges.ts';

test('neighbours become ranges, and a whole label swallows its single names', () => {
  const names = ['loss#3', 'loss#1', 'loss#2', 'loss#9', 'op:c#0', 'delay#7', 'delay'];
  expect(packNames(names)).toEqual({ delay: 'all', loss: '1-3,9', 'op:c': '0' });
  expect(unpackNames(packNames(names))).toEqual(['delay', 'loss#1', 'loss#2', 'loss#3', 'loss#9', 'op:c#0']);
});

test('a number sign that no number follows belongs to the label', () => {
  expect(splitName('a#b#12')).toEqual({ label: 'a#b', index: 12 });
  expect(splitName('a#b')).toEqual({ label: 'a#b' });
});

test('names come back whatever they are', () => {
  const label = fc.stringMatching(/^[a-z:>#-]{1,6}$/).filter(text => splitName(text).index === undefined);
  const name = fc.tuple(label, fc.nat(50)).map(([text, index]) => `${text}#${index}`);
  fc.assert(
    fc.property(fc.uniqueArray(name), names => {
      expect(new Set(unpackNames(packNames(names)))).toEqual(new Set(names));
    }),
  );
});

test.each(['3-1', '', 'x', '1-', '0-999999999'])('the range "%s" is refused', ranges => {
  expect(() => unpackNames({ loss: ranges })).toThrow(/^Range of names "loss" must be/);
});
