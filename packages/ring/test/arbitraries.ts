import fc from 'fast-check';
import type { NaiveNode } from './naive-ring.ts';

/** Ids that are easily taken for each other, and some that are not ASCII. */
export const ids: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    'node1',
    'node11',
    'node',
    '1',
    '11',
    '__proto__',
    'constructor',
    'é',
    'e\u0301',
    '😀',
    '[::1]:11211',
  ),
  fc.string({ minLength: 1, maxLength: 8 }),
);

/** Weights around the borders of what rounds to how many points. */
export const weights: fc.Arbitrary<number> = fc.constantFrom(0, 1e-9, 0.1, 0.5, 1, 1, 1, 1.06, 2, 3.5);

/** Lists of nodes with different ids. */
export const nodeLists: fc.Arbitrary<NaiveNode[]> = fc.uniqueArray(fc.record({ id: ids, weight: weights }), {
  selector: node => node.id,
  maxLength: 8,
});

/** Places on the ring, with its ends. */
export const hashes: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff),
  fc.integer({ min: 0, max: 0xffffffff }),
);
