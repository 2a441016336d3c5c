import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonError, type JsonNode, lineAndColumn, parsePositioned } from '../src/input/positioned-json.ts';

function plain(node: JsonNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'array') return node.items.map(plain);
  const object: Record<string, unknown> = {};
  for (const { key, node: value } of node.members) {
    Object.defineProperty(object, key, {
      value: plain(value),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return object;
}

describe('parsePositioned', () => {
  test('gives what JSON.parse gives, for every JSON text and indentation', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(0, 1, '\t'), (text, indent) => {
        const value: unknown = JSON.parse(text);
        const spaced = JSON.stringify(value, null, indent);
        expect(JSON.stringify(plain(parsePositioned(spaced)))).toBe(JSON.stringify(value));
      }),
    );
  });

  test('accepts and refuses what JSON.parse does, for texts with one character changed', () => {
    const pieces = fc.constantFrom(...Array.from('[]{},:"\\ \n0123456789.-+eEtrufalsn\u0007x\u00e9'));
    fc.assert(
      fc.property(fc.json({ maxDepth: 2 }), fc.nat(), pieces, fc.boolean(), (text, at, piece, insert) => {
        const place = at % (text.length + 1);
        const changed = text.slice(0, place) + piece + text.slice(insert ? place : place + 1);
        const accepts = (parse: (text: string) => unknown): boolean => {
          try {
            parse(changed);
            return true;
          } catch {
            return false;
          }
        };
        expect(accepts(parsePositioned), changed).toBe(accepts(JSON.parse));
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['[1, NaN]', 4, 'NaN is not a JSON value'],
    ['[1, -Infinity]', 4, '-Infinity is not a JSON value'],
    ['[1, 01]', 4, '01 is not a JSON value'],
    ['{"a" 1}', 5, 'expected ":", found "1"'],
    ['["a"', 4, 'found the end of the file'],
    ['["a" "b"]', 5, 'expected "," or "]", found "\\""'],
    ['[] x', 3, 'expected the end of the file'],
    ['{a: 1}', 1, 'expected a name in double quotes'],
    ['["ab', 1, 'this string is not closed'],
    ['["a\nb"]', 1, 'control character'],
    ['', 0, 'expected a value, found the end of the file'],
  ])('%j fails at %i: %s', (text, offset, message) => {
    const error = failureOf(text);
    expect(error.offset).toBe(offset);
    expect(error.message).toContain(message);
  });

  test('keeps repeated keys and refuses bottomless nesting without overflowing the stack', () => {
    expect(parsePositioned('{"a":1,"a":2}')).toMatchObject({ members: [{ key: 'a' }, { key: 'a' }] });
    expect(failureOf('['.repeat(100_000)).message).toContain('nest deeper than 64');
  });

  test('long strings are no matter of stack depth either', () => {
    const long = `"${'a\\n'.repeat(500_000)}"`;
    expect(plain(parsePositioned(long))).toBe(JSON.parse(long));
  });
});

test('lines and columns count from 1, over all kinds of line ends, by characters', () => {
  expect(lineAndColumn('ab', 1)).toEqual({ line: 1, column: 2 });
  expect(lineAndColumn('a\nb\r\nc\rde', 8)).toEqual({ line: 4, column: 2 });
  expect(lineAndColumn('\u{1f600}x', 2)).toEqual({ line: 1, column: 2 });
});

function failureOf(text: string): JsonError {
  try {
    parsePositioned(text);
  } catch (error) {
    if (error instanceof JsonError) return error;
    throw error;
  }
  throw new Error(`No error in ${text.slice(0, 50)}`);
}
