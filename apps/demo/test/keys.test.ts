import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { UsageError } from '../src/arguments.ts';
import { loadKeys } from '../src/keys.ts';

const folder = mkdtempSync(join(tmpdir(), 'quorate-keys-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('the word list', () => {
  test('gives as many different words as asked for, from A to Z', async () => {
    const { keys, source } = await loadKeys(undefined, 1000);
    expect(new Set(keys).size).toBe(1000);
    expect(source).toContain('an-array-of-english-words');
    expect(new Set(keys.map(key => key[0])).size).toBe(26);
    expect((await loadKeys(undefined, undefined)).keys).toHaveLength(50_000);
  });

  test('has an end', async () => {
    await expect(loadKeys(undefined, 999_999)).rejects.toThrow(/has \d+ different keys: received 999999/);
  });
});

describe('a file of keys', () => {
  test('is one key per line, each once, whatever it is', async () => {
    const path = file('keys', 'alpha\r\nbeta\n\n__proto__\n  spaced  \n😀\nalpha\nlast');
    const { keys } = await loadKeys(path, undefined);
    expect(keys).toEqual(['alpha', 'beta', '__proto__', '  spaced  ', '😀', 'last']);
    expect((await loadKeys(path, 2)).keys).toEqual(['alpha', 'beta']);
  });

  test.each([
    ['empty', '\n\r\n', undefined, 'holds no keys'],
    ['few', 'a\nb', 3, 'has 2 different keys: received 3'],
    [
      'long',
      `ok\n${'x'.repeat(1025)}`,
      undefined,
      /line 2 of .* has 1025 bytes, a key may have at most 1024/,
    ],
    ['binary', new Uint8Array([0xff, 0xfe]), undefined, 'it is not UTF-8'],
  ])('that is %s is refused with the reason', async (name, content, count, message) => {
    const loading = loadKeys(file(name, content), count);
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toBeInstanceOf(UsageError);
  });

  test('that is not there is refused by name', async () => {
    await expect(loadKeys(join(folder, 'missing'), undefined)).rejects.toThrow(
      /missing cannot be read: ENOENT/,
    );
  });
});
