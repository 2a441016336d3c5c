import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeySet } from '../src/input/key-set.ts';
import { KeySplitter, keyBytesMax } from '../src/input/key-splitter.ts';
import { readKeys } from '../src/input/read-keys.ts';

/** The keys of some chunks, and what was left out. */
function split(separator: 'line' | 'null', chunks: readonly Buffer[]): { keys: string[]; empty: number } {
  const keys: string[] = [];
  const splitter = new KeySplitter(separator, key => keys.push(Buffer.from(key).toString('latin1')));
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  expect(splitter.keys).toBe(keys.length);
  return { keys, empty: splitter.empty };
}

const cut = (bytes: Buffer, sizes: readonly number[]): Buffer[] => {
  const chunks: Buffer[] = [];
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const end = at + (sizes[turn % sizes.length] as number);
    chunks.push(Buffer.from(bytes.subarray(at, end)));
    at = end;
  }
  return chunks;
};

describe('KeySplitter', () => {
  test('lines: LF, CRLF, no end of line at the end, empty lines, a byte order mark', () => {
    const text = '\u00ef\u00bb\u00bfa\r\nb\n\n\r\nc d\r\ne\rf\n\rg\nlast';
    expect(split('line', [Buffer.from(text, 'latin1')])).toEqual({
      keys: ['a', 'b', 'c d', 'e\rf', '\rg', 'last'],
      empty: 2,
    });
  });

  test('NULs: line feeds and carriage returns are part of keys', () => {
    expect(split('null', [Buffer.from('a\nb\r\0\0c\0')])).toEqual({ keys: ['a\nb\r', 'c'], empty: 1 });
  });

  test('bytes that are not UTF-8 stay as they are', () => {
    expect(split('line', [Buffer.from([0xff, 0xfe, 0x0a, 0xc3, 0x0a])]).keys).toEqual([
      '\u00ff\u00fe',
      '\u00c3',
    ]);
  });

  test('however the bytes are cut into chunks, the keys are the same', () => {
    const piece = fc.constantFrom(
      'a',
      'bc',
      '\n',
      '\r',
      '\r\n',
      '\0',
      '\u00ef',
      '\u00bb',
      '\u00bf',
      '\u00ef\u00bb\u00bf',
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        fc.constantFrom('line' as const, 'null' as const),
        (pieces, sizes, separator) => {
          const bytes = Buffer.from(pieces.join(''), 'latin1');
          expect(split(separator, cut(bytes, sizes))).toEqual(split(separator, [bytes]));
        },
      ),
    );
  });

  test('an entry beyond the limit is refused by its number, also when it never ends', () => {
    const long = Buffer.alloc(keyBytesMax + 1, 'x');
    expect(() => split('line', [Buffer.from('a\n\n'), long])).toThrow('Key 3 is longer than 1048576 bytes');
    expect(() => split('line', [Buffer.concat([long, Buffer.from('\n')])])).toThrow('need --null');
    expect(split('line', [long.subarray(1)]).keys).toHaveLength(1);
  });
});

describe('readKeys', () => {
  const source = (chunks: readonly string[]) => ({
    file: undefined,
    stdin: Readable.from(chunks.map(chunk => Buffer.from(chunk))),
    separator: 'line' as const,
  });

  test('gives keys as they come and says how far it is after each chunk', async () => {
    const keys: string[] = [];
    const steps: [number, number][] = [];
    const read = await readKeys(
      source(['a\nb', 'c\n', 'd']),
      key => keys.push(Buffer.from(key).toString()),
      (bytes, count) => steps.push([bytes, count]),
    );
    expect(keys).toEqual(['a', 'bc', 'd']);
    expect(steps).toEqual([
      [3, 1],
      [5, 2],
      [6, 2],
    ]);
    expect(read).toEqual({ keys: 3, empty: 0 });
  });

  test('no key is a failure that says what was there', async () => {
    await expect(readKeys(source([]), () => {})).rejects.toThrow('There are no keys in stdin: it is empty');
    await expect(readKeys(source(['\n\n']), () => {})).rejects.toThrow('its 2 entries are all empty');
  });

  test('a failure of whoever takes the keys is not dressed up as one of reading', async () => {
    const defect = new TypeError('defect');
    const broken = (): void => {
      throw defect;
    };
    await expect(readKeys(source(['a\n']), broken)).rejects.toBe(defect);
  });
});

describe('KeySet', () => {
  test('counts as a map would', () => {
    const keys = fc.array(fc.uint8Array({ maxLength: 9, max: 3 }), { maxLength: 300 });
    fc.assert(
      fc.property(keys, list => {
        const set = new KeySet({ counting: true });
        const counts = new Map<string, number>();
        for (const key of list) {
          const text = Buffer.from(key).toString('hex');
          const expected = (counts.get(text) ?? 0) + 1;
          counts.set(text, expected);
          expect(set.add(key)).toBe(expected);
        }
        expect(set.size).toBe(counts.size);
      }),
    );
  });

  test.each([true, false])('keeps 300,000 similar keys apart through its growth (counting: %s)', counting => {
    const set = new KeySet({ counting });
    for (const round of [1, 2, 3]) {
      for (let at = 0; at < 300_000; at++) {
        const times = set.add(Buffer.from(`key-${at}`));
        // One expectation for each would take longer than the set.
        if (times !== (counting ? round : Math.min(round, 2))) expect.fail(`key-${at} came ${times} times`);
      }
    }
    expect(set.size).toBe(300_000);
  });
});
