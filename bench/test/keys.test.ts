import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@quorate/core';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { KeySet } from '../src/input/key-set.ts';
import { loadKeys } from '../src/input/load-keys.ts';
import { parseTrace, traceKeys } from '../src/input/trace-keys.ts';
import { wordKeys } from '../src/input/word-keys.ts';

const folder = mkdtempSync(join(tmpdir(), 'quorate-bench-keys-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(text: string): string {
  const file = join(folder, `${Math.abs(text.length)}-keys`);
  writeFileSync(file, text);
  return file;
}

describe('wordKeys', () => {
  const keys = wordKeys(20_000, seededRandom(1));

  it('makes different keys of 16 to 40 bytes', () => {
    expect(new Set(keys).size).toBe(20_000);
    const sizes = keys.map(key => Buffer.byteLength(key));
    expect(Math.min(...sizes)).toBe(16);
    expect(Math.max(...sizes)).toBe(40);
  });

  it('makes them of real words behind a kind', () => {
    const words = new Set(createRequire(import.meta.url)('an-array-of-english-words') as string[]);
    const wrong = keys.filter(key => {
      const [kind, ...parts] = key.split(':');
      const known = ['user', 'session', 'cart', 'order', 'page', 'image', 'thread', 'token'].includes(
        kind ?? '',
      );
      return !known || parts.length < 2 || parts.some(part => !words.has(part));
    });
    expect(wrong).toEqual([]);
  });

  it('makes the same for the same seed, others for another', () => {
    expect(wordKeys(100, seededRandom(1))).toEqual(keys.slice(0, 100));
    expect(wordKeys(100, seededRandom(2))).not.toEqual(keys.slice(0, 100));
  });

  it('refuses a count that is none', () => {
    expect(() => wordKeys(0, seededRandom(1))).toThrow('received 0');
    expect(() => wordKeys(1.5, seededRandom(1))).toThrow('received 1.5');
  });
});

describe('loadKeys', () => {
  it('takes the lines of a file, without empty ones and carriage returns, up to the count', () => {
    const loaded = loadKeys(fileOf('one\r\n\r\ntwo\nthree\none'), 3, 1, {});
    expect(loaded.keys).toEqual(['one', 'two', 'three']);
    expect(loaded.bytes).toEqual({ least: 3, mean: 11 / 3, most: 5 });
    expect(loadKeys(fileOf('one\ntwo\none\n'), 9, 1, {}).distinct).toBe(2);
  });

  it('says what is wrong where there is no file or no key', () => {
    expect(() => loadKeys(join(folder, 'absent'), 10, 1, {})).toThrow('ENOENT');
    expect(() => loadKeys(fileOf('\n\n\n\n\n\n'), 10, 1, {})).toThrow('at least one line');
  });

  it('gives equal input an equal digest', () => {
    const digest = (seed: number): string => loadKeys('words', 50, seed, {}).digest;
    expect(digest(1)).toBe(digest(1));
    expect(digest(1)).not.toBe(digest(2));
  });

  it('says that the trace is not there', () => {
    expect(() => loadKeys('trace', 10, 1, {})).toThrow('QUORATE_TESTDATA');
    expect(() => loadKeys('trace', 10, 1, { QUORATE_TESTDATA: folder })).toThrow('QUORATE_TESTDATA');
  });
});

describe('parseTrace', () => {
  it('takes the blocks in the order of the requests, with repetitions', () => {
    const text = 'version,time,op,size,lbn\n1,5,2a,512,77\n1,5,2a,512,12\n1,6,28,512,77\n';
    expect(parseTrace(text, 10)).toEqual(['volume:0:block:77', 'volume:0:block:12', 'volume:0:block:77']);
    expect(parseTrace(text, 1)).toEqual(['volume:0:block:77']);
  });

  it('names the line that is wrong', () => {
    expect(() => parseTrace('a,b\n1,2\n', 10)).toThrow('column "lbn"');
    expect(() => parseTrace('op,lbn\n2a,7\n2a,x\n', 10)).toThrow('line 3');
  });

  it('reads the recorded trace', ctx => {
    const testdata = process.env['QUORATE_TESTDATA'];
    ctx.skip(testdata === undefined, 'QUORATE_TESTDATA is not set');
    const keys = traceKeys(Infinity, testdata);
    expect(keys).toHaveLength(113_872);
    expect(new Set(keys).size).toBe(48_974);
  });
});

describe('KeySet', () => {
  it('gives back every key as text and as bytes, and a new string each time', () => {
    const lines = fc.array(
      fc.string({ unit: 'grapheme', minLength: 1 }).filter(key => !key.includes('\n')),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(lines, keys => {
        const set = new KeySet(Buffer.from(`${keys.join('\n')}\n`));
        expect(set.count).toBe(keys.length);
        for (const [index, key] of keys.entries()) {
          expect(set.fresh(index)).toBe(Buffer.from(key).toString());
          expect(Buffer.from(set.bytesOf(index))).toEqual(Buffer.from(key));
        }
      }),
    );
  });

  it('takes no more than it is asked for', () => {
    const set = new KeySet(Buffer.from('a\nb\nc\n'), 2);
    expect([set.count, set.fresh(1)]).toEqual([2, 'b']);
  });

  it('refuses to be empty', () => {
    expect(() => new KeySet(Buffer.from(''))).toThrow('received none');
  });
});
