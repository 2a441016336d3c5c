import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Assembly, frameKinds, framesOf, readFrame } from '../src/remote/frame.ts';
import { decodeValue, encodeValue, type WireValue } from '../src/remote/value-codec.ts';

const leaf: fc.Arbitrary<WireValue> = fc.oneof(
  fc.boolean(),
  fc.double(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.string({ unit: 'binary' }),
  fc.uint8Array({ maxLength: 600 }),
);
const { value } = fc.letrec<{ value: WireValue }>(tie => ({
  value: fc.oneof(
    { maxDepth: 6 },
    leaf,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 5 }).map(fields => ({ ...fields })),
  ),
}));

describe('values', () => {
  test('come out as they went in', () => {
    fc.assert(
      fc.property(value, sent => {
        expect(decodeValue(encodeValue(sent))).toEqual(sent);
      }),
      { numRuns: 300 },
    );
  });

  test('leave out what is undefined in records, and keep it in lists', () => {
    expect(decodeValue(encodeValue({ a: undefined, b: [undefined, 1] }))).toEqual({ b: [undefined, 1] });
  });

  test('own their bytes', () => {
    const bytes = encodeValue(Uint8Array.of(1, 2));
    const decoded = decodeValue(bytes) as Uint8Array;
    bytes.fill(9);
    expect(decoded).toEqual(Uint8Array.of(1, 2));
  });

  test('of a field named as a prototype are data', () => {
    const sent = Object.fromEntries([['__proto__', { polluted: true }]]) as WireValue;
    const decoded = decodeValue(encodeValue(sent)) as object;
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
    expect(Object.keys(decoded)).toEqual(['__proto__']);
  });

  test('that are damaged are refused or others, and nothing worse', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(value, damage, fc.nat(), (sent, changes, cut) => {
        const bytes = new Uint8Array(encodeValue(sent));
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        const damaged = cut % 3 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes;
        try {
          decodeValue(damaged);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['nothing at all', []],
    ['a length beyond the end', [6, 255, 255, 255, 255, 1]],
    ['a count beyond the end', [7, 255, 255, 255, 255, 0]],
    ['a kind that is none', [99, 0, 0, 0, 0]],
    ['bytes too many', [0, 0]],
    ['a text that is no UTF-8', [5, 1, 0, 0, 0, 0xff]],
    ['a field without a name', [8, 1, 0, 0, 0, 1, 1]],
    [
      'lists within lists for ever',
      Array.from({ length: 500 }, (_, index) => [7, 1, 0, 0, 0][index % 5] as number),
    ],
  ])('refuse %s', (_, bytes) => {
    expect(() => decodeValue(Uint8Array.from(bytes))).toThrow(/^Message must be a value: received/u);
  });
});

describe('frames', () => {
  const { answer } = frameKinds;

  test('put together are the message, whatever its length', () => {
    for (const length of [0, 1, 87, 88, 89, 176, 177, 1000]) {
      const body = Uint8Array.from({ length }, (_, index) => index & 0xff);
      const assembly = new Assembly(2000);
      const frames = framesOf(answer, 7, 9, body, 100);
      expect(frames.every(frame => frame.length <= 100)).toBe(true);
      const whole = frames.map(frame => assembly.take(readFrame(frame)));
      expect(whole.slice(0, -1).every(part => part === undefined)).toBe(true);
      expect(whole.at(-1)).toEqual(body);
    }
  });

  test('of two messages must not be mixed, and a message has a largest size', () => {
    const assembly = new Assembly(150);
    const [first] = framesOf(answer, 1, 1, new Uint8Array(140), 100);
    const [other] = framesOf(answer, 1, 2, new Uint8Array(140), 100);
    expect(assembly.take(readFrame(first as Uint8Array))).toBeUndefined();
    expect(() => assembly.take(readFrame(other as Uint8Array))).toThrow('must come together');
    const long = framesOf(answer, 1, 1, new Uint8Array(151), 100).map(readFrame);
    const small = new Assembly(150);
    expect(() => long.map(frame => small.take(frame))).toThrow('Message must be at most 150 bytes');
  });

  test('of another version, or shorter than their header, are none', () => {
    expect(() => readFrame(new Uint8Array(11))).toThrow('Frame must have a header');
    expect(() => readFrame(new Uint8Array(12).fill(2))).toThrow('Frame must be of version 1: received 2');
  });
});
