import { defineStruct, type Field } from '@quorate/threads';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { layOut, type Scalar, scalarBytes } from '../src/struct-layout.ts';

const scalar = fc.constantFrom<Scalar>('int32', 'uint32', 'int64', 'uint64', 'float64', 'uint8');
const field: fc.Arbitrary<Field> = fc.oneof(scalar, fc.tuple(scalar, fc.integer({ min: 1, max: 40 })));

/** Groups of fields, each with a name of its own. */
const groups = fc
  .array(fc.array(field, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 })
  .map(lists =>
    lists.map((list, group) => Object.fromEntries(list.map((one, index) => [`f${group}_${index}`, one]))),
  );

function bytesOf(one: Field): number {
  return typeof one === 'string' ? scalarBytes[one] : scalarBytes[one[0]] * one[1];
}

describe('a layout', () => {
  test('overlaps nowhere, aligns every field, and fits into its size', () => {
    fc.assert(
      fc.property(groups, fc.boolean(), (list, isolate) => {
        const { fields, offsets, size, align } = layOut(list, isolate, 64);
        let end = 0;
        for (const [name, one] of Object.entries(fields)) {
          const offset = offsets[name] as number;
          expect(offset).toBeGreaterThanOrEqual(end);
          expect(offset % scalarBytes[typeof one === 'string' ? one : one[0]]).toBe(0);
          end = offset + bytesOf(one);
        }
        expect(size).toBeGreaterThanOrEqual(end);
        expect(size % align).toBe(0);
      }),
    );
  });

  test('never puts two groups, or two neighbours in an array, on one cache line, wherever lines begin', () => {
    fc.assert(
      fc.property(groups, fc.constantFrom(64, 128), fc.nat({ max: 7 }), (list, lineBytes, start) => {
        const { offsets, size } = layOut(list, true, lineBytes);
        const owners = new Map<number, string>();
        for (const element of [0, 1]) {
          for (const [group, fields] of list.entries()) {
            for (const [name, one] of Object.entries(fields)) {
              const first = start * 16 + element * size + (offsets[name] as number);
              const owner = `${element}.${group}`;
              for (let byte = first; byte < first + bytesOf(one); byte++) {
                const line = Math.floor(byte / lineBytes);
                expect(owners.get(line) ?? owner).toBe(owner);
                owners.set(line, owner);
              }
            }
          }
        }
      }),
    );
  });

  test('packs a single group', () => {
    const Slot = defineStruct({ flag: 'uint8', length: 'uint32', body: ['uint8', 3] });
    expect(Slot.offsets).toEqual({ flag: 0, length: 4, body: 8 });
    expect([Slot.size, Slot.align]).toEqual([12, 4]);
  });

  test('puts short groups one line apart', () => {
    const Ring = defineStruct([{ head: 'uint32' }, { tail: 'uint32' }]);
    expect([Ring.offsets, Ring.size]).toEqual([{ head: 0, tail: 64 }, 128]);
  });
});

describe('a view', () => {
  const Record = defineStruct([
    { state: 'int32', total: 'int64' },
    { rate: 'float64', name: ['uint8', 8] },
  ]);

  test('shows every field by its own kind, in one buffer', () => {
    const buffer = new SharedArrayBuffer(Record.size * 2);
    const first = Record.view(buffer);
    const second = Record.view(buffer, Record.size);
    first.state[0] = -1;
    first.total[0] = 2n ** 60n;
    first.rate[0] = 0.5;
    second.name.set([1, 2, 3]);
    Atomics.add(first.state, 0, 3);
    expect([first.state[0], first.total[0], first.rate[0]]).toEqual([2, 2n ** 60n, 0.5]);
    expect(Record.view(buffer, Record.size).name).toEqual(new Uint8Array([1, 2, 3, 0, 0, 0, 0, 0]));
    expect(first.name.byteLength).toBe(8);
  });

  test('may have fields with the names of an object’s own methods', () => {
    const Odd = defineStruct({ constructor: 'int32', toString: 'int32' });
    expect(Odd.offsets).toEqual({ constructor: 0, toString: 4 });
  });

  test('of a column reaches the same words', () => {
    const buffer = new SharedArrayBuffer(16 + Record.size * 10);
    const { words, first, stride } = Record.column(buffer, 'total', 10, 16);
    for (let index = 0; index < 10; index++) words[first + index * stride] = BigInt(index);
    for (let index = 0; index < 10; index++) {
      expect(Record.view(buffer, 16 + index * Record.size).total[0]).toBe(BigInt(index));
    }
  });
});

describe('bad input', () => {
  const Pair = defineStruct({ left: 'int64', right: 'int32' });

  test.each([
    [() => Pair.view(new SharedArrayBuffer(8)), 'Buffer must have at least 16 bytes: it has 8'],
    [() => Pair.view(new SharedArrayBuffer(64), 4), 'Byte offset must be a multiple of 8: received 4'],
    [() => Pair.view(new SharedArrayBuffer(64), -8), 'Byte offset must be a multiple of 8: received -8'],
    [
      () => Pair.column(new SharedArrayBuffer(64), 'left', 5),
      'Buffer must have at least 80 bytes: it has 64',
    ],
    [
      () => Pair.column(new SharedArrayBuffer(64), 'left', -1),
      'Count must be an integer of at least 0: received -1',
    ],
    [() => defineStruct({ a: 'int16' as 'int32' }), 'Kind of field "a" must be one of int32'],
    [
      () => defineStruct({ a: ['int32', 0] }),
      'Length of field "a" must be an integer of at least 1: received 0',
    ],
    [() => defineStruct([{ a: 'int32' }, { a: 'int32' }]), 'Field must be named once: "a" is in two groups'],
    [() => defineStruct({}, { lineBytes: 60 }), 'Cache line must be a multiple of 16 bytes: received 60'],
  ])('%s', (act, message) => {
    expect(act).toThrow(message);
  });
});
