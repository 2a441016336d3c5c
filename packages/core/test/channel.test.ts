import { channel as nativeChannel } from 'node:diagnostics_channel';
import { type Channel, defineChannel } from '@quorate/core';
import { afterEach, describe, expect, test, vi } from 'vitest';

/** A channel as a browser has it: without `process`. */
function browserChannel<Message>(name: `quorate:${string}`): Channel<Message> {
  vi.stubGlobal('process', undefined);
  try {
    return defineChannel<Message>(name);
  } finally {
    vi.unstubAllGlobals();
  }
}

afterEach(() => void vi.unstubAllGlobals());

describe.each([
  ['in Node', defineChannel],
  ['in a browser', browserChannel],
] as const)('a channel %s', (where, define) => {
  test('is active while somebody listens, and each hears every message', () => {
    const channel = define<number>(`quorate:test:${where}:1`);
    expect(channel.active).toBe(false);
    channel.publish(0);
    const heard: string[] = [];
    const first = channel.subscribe(message => heard.push(`first ${message}`));
    {
      using _ = channel.subscribe(message => heard.push(`second ${message}`));
      expect(channel.active).toBe(true);
      channel.publish(1);
    }
    channel.publish(2);
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    channel.publish(3);
    expect(channel.active).toBe(false);
    expect(heard).toEqual(['first 1', 'second 1', 'first 2']);
  });

  test('one listener subscribed twice hears twice, and each end is its own', () => {
    const channel = define<number>(`quorate:test:${where}:2`);
    const heard: number[] = [];
    const listener = (message: number): void => void heard.push(message);
    const first = channel.subscribe(listener);
    using _ = channel.subscribe(listener);
    channel.publish(1);
    first[Symbol.dispose]();
    channel.publish(2);
    expect(heard).toEqual([1, 1, 2]);
  });
});

test('a browser’s listener that throws stops nobody else and is reported later', async () => {
  const channel = browserChannel<number>('quorate:test:throws');
  const reported = new Promise(resolve =>
    vi.stubGlobal('queueMicrotask', (task: () => void) => resolve(task)),
  );
  const heard: number[] = [];
  using _first = channel.subscribe(() => {
    throw new Error('a bad listener');
  });
  using _second = channel.subscribe(message => heard.push(message));
  channel.publish(1);
  expect(heard).toEqual([1]);
  expect(await reported).toThrow('a bad listener');
});

test('in Node it is the diagnostics channel of that name', () => {
  const channel = defineChannel<string>('quorate:test:shared');
  const heard: unknown[] = [];
  const listener = (message: unknown): void => void heard.push(message);
  nativeChannel('quorate:test:shared').subscribe(listener);
  expect(channel.active).toBe(true);
  channel.publish('hello');
  nativeChannel('quorate:test:shared').unsubscribe(listener);
  expect(heard).toEqual(['hello']);
});
