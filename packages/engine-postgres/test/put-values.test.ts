import type { MessageId, NewMessage, QueuePut } from '@quorate/core';
import { expect, test } from 'vitest';
import { textsOf, textsOrNone } from '../src/queue/array-literal.ts';
import { putValues } from '../src/queue/put-values.ts';

const body = new Uint8Array(1);

function put(queue: string, message: Partial<NewMessage> = {}): QueuePut {
  return { queue, message: { body, ...message } };
}

test('texts are written as PostgreSQL reads an array of them', () => {
  expect(textsOf([])).toBe('{}');
  expect(textsOf([''])).toBe('{""}');
  expect(textsOf(['a', 'b,c', 'null', '{}'])).toBe('{"a","b,c","null","{}"}');
  expect(textsOf(['a', 'b"c', 'b"c', 'd\\', 'a'])).toBe(String.raw`{"a","b\"c","b\"c","d\\","a"}`);
  expect(textsOrNone(['a', undefined, '"', undefined, '"'])).toBe(String.raw`{"a",null,"\"",null,"\""}`);
  expect(textsOrNone([undefined, undefined])).toBe(null);
});

test('each message has its own queue and headers, whatever the one before it has', () => {
  const headers = { a: '1' };
  const puts = [
    put('q/a'),
    put('q/a', { headers }),
    put('q/b', { headers }),
    put('q/b', { headers: { b: '2' } }),
    put('q/a', { headers: {} }),
    put('q/a', { id: 'i' as MessageId, headers }),
  ];
  const values = putValues(puts);
  expect(values[0]).toBe('{"q/a","q/a","q/b","q/b","q/a","q/a"}');
  expect(values[4]).toBe('{null,null,null,null,null,"i"}');
  const [one, two] = [String.raw`"{\"a\":\"1\"}"`, String.raw`"{\"b\":\"2\"}"`];
  expect(values[6]).toBe(`{null,${one},${one},${two},null,${one}}`);
});
