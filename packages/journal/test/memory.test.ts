import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EntryIndex } from '../src/entry-index.ts';
import { freeBlocksMax, TailMemory } from '../src/tail-memory.ts';

describe('the index of entries', () => {
  test('holds what was set and not dropped, in any order, and tells what it drops', () => {
    const index = fc.nat(1200);
    const step = fc.oneof(
      fc.record({ set: index, position: fc.integer({ min: 1, max: 2 ** 50 }), term: fc.nat(9) }),
      fc.record({ first: index, last: index }),
    );
    fc.assert(
      fc.property(fc.nat(2 ** 40), fc.array(step, { maxLength: 60 }), (start, steps) => {
        const tested = new EntryIndex();
        const model = new Map<number, { position: number; term: number }>();
        for (const one of steps) {
          if ('set' in one) {
            tested.set(start + one.set, one.position, one.term);
            model.set(start + one.set, one);
            continue;
          }
          const dropped: number[] = [];
          tested.drop(start + one.first, start + one.last, position => dropped.push(position));
          const expected: number[] = [];
          for (const [at, { position }] of model) {
            if (at < start + one.first || at > start + one.last) continue;
            expected.push(position);
            model.delete(at);
          }
          expect(dropped.sort((a, b) => a - b)).toEqual(expected.sort((a, b) => a - b));
        }
        expect(tested.count).toBe(model.size);
        for (let at = Math.max(0, start - 300); at < start + 1600; at++) {
          expect([at, tested.position(at), tested.term(at)]).toEqual([
            at,
            model.get(at)?.position ?? 0,
            model.get(at)?.term,
          ]);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('of many groups with an entry each takes little memory', () => {
    const before = process.memoryUsage().arrayBuffers;
    const groups = Array.from({ length: 4096 }, (_, at) => {
      const group = new EntryIndex();
      group.set(1000 + at, 8, 1);
      return group;
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4096 * 256);
    expect(groups.every(({ count }) => count === 1)).toBe(true);
  });
});

test('what a burst took of the memory for batches is given back', () => {
  const memory = new TailMemory(0);
  const taken = Array.from({ length: 300 }, () => {
    const { block } = memory.take(100_000);
    block.uses++;
    return block;
  });
  for (const block of taken) memory.letGo(block);
  expect(memory.freeBlocks).toBe(freeBlocksMax);
});
