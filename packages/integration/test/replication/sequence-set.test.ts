import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SequenceSet } from './sequence-set.ts';

test('ranges hold the numbers that were added, each once, in any order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 })), numbers => {
      const set = new SequenceSet();
      const known = new Set<number>();
      for (const number of numbers) {
        expect(set.add(number)).toBe(!known.has(number));
        known.add(number);
      }
      const again = new SequenceSet(set.toJSON());
      for (let number = 0; number <= 41; number++) expect(again.has(number)).toBe(known.has(number));
      expect(again.size).toBe(known.size);
    }),
  );
});
