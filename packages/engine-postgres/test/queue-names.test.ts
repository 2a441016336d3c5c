import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundsOf, nameOf, storedName, storedText, textOfStored } from '../src/queue/stored-name.ts';

const character = fc.oneof(
  fc.constantFrom('a', '/', 'z', '\u{D7FF}', '\u{E000}', '\u{FFFF}', '\u{10000}', '\u{10FFFF}', '😀'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
);
const name = fc.array(character).map(characters => characters.join(''));

const sign = (difference: number): number => Math.sign(difference);

test('names are stored so that their bytes stand in the order of their UTF-16 code units', () => {
  fc.assert(
    fc.property(name, name, (one, other) => {
      const inUnits = one === other ? 0 : one < other ? -1 : 1;
      const inBytes = Buffer.compare(Buffer.from(storedName(one)), Buffer.from(storedName(other)));
      expect(sign(inBytes)).toBe(inUnits);
      expect(nameOf(storedName(one))).toBe(one);
    }),
  );
});

test('what begins with a prefix lies in its bounds, and nothing of another partition', () => {
  const [exact, from, to] = boundsOf('p');
  expect(exact).toBe('p');
  const inBounds = (text: string): boolean => text === exact || (text >= from && text <= to);
  expect(['p', 'p/a', 'p/'].map(inBounds)).toEqual([true, true, true]);
  expect(['p-more', 'p0', 'pp/a', 'o'].map(inBounds)).toEqual([false, false, false, false]);
  expect(boundsOf('p/a')[0]).toBe(null);
});

test('ids are kept whatever is in them', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map(unit => String.fromCharCode(unit)) }),
      id => {
        expect(textOfStored(storedText(id))).toBe(id);
        expect(storedText(id)).not.toMatch(/[\0\p{Surrogate}]/u);
      },
    ),
  );
  expect(textOfStored(storedText('\u0001a'))).toBe('\u0001a');
});
