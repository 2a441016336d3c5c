import { expect, test } from 'vitest';
import { NameReader, NameWriter } from '../src/queue/name-codec.ts';
import { readPut, writePut } from '../src/queue/message-codec.ts';

test('bodies of messages that are delayed share no memory with those of messages that go at once', () => {
  const memoryOf = (delayMs?: number): ArrayBufferLike => {
    const message = { body: new Uint8Array(100), ...(delayMs === undefined ? {} : { delayMs }) };
    const writer = new NameWriter();
    writePut(writer, { queue: 'p/q', message });
    return readPut(new NameReader(writer.done())).message.body.buffer;
  };
  const [atOnce, delayed] = [memoryOf(), memoryOf(1000)];
  expect(delayed).not.toBe(atOnce);
  expect(atOnce.byteLength).toBe(4096);
  expect(delayed.byteLength).toBe(4096);
});
