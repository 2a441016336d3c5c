import { spawn as spawnProcess } from 'node:child_process';
import { once } from 'node:events';
import { ManualClock } from '@quorate/core';
import { measureSpins, park, parkAsync, usefulThreads } from '@quorate/threads';
import { describe, expect, test } from 'vitest';
import { poll } from '../src/park-async.ts';

function sharedWords(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(8));
}

/** Lets promises that are settled run their course. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

describe('polling, where the engine cannot wait', () => {
  test('sees a change within 16 ms', async () => {
    const [words, clock] = [sharedWords(), new ManualClock()];
    const waiting = poll(words, 0, 0, { clock });
    clock.advance(500);
    Atomics.store(words, 0, 1);
    clock.advance(16);
    expect(await waiting).toBe('ok');
  });

  test('ends by deadline, by abort, and at once when the word differs', async () => {
    const [words, clock] = [sharedWords(), new ManualClock()];
    const timed = poll(words, 0, 0, { clock, deadlineMs: 10 });
    clock.advance(10);
    expect(await timed).toBe('timed-out');
    expect(await poll(words, 0, 0, { clock, deadlineMs: 0 })).toBe('timed-out');
    expect(await poll(words, 0, 1, { clock })).toBe('not-equal');
    const controller = new AbortController();
    const aborted = poll(words, 0, 0, { clock, signal: controller.signal });
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
    clock.advance(1_000);
    await settle();
  });
});

describe('parking', () => {
  test('spins see a change without sleeping', () => {
    const words = sharedWords();
    words[0] = 1;
    expect(park(words, 0, 0, { spins: 10 })).toBe('not-equal');
    expect(park(words, 0, 1, { spins: 10, deadlineMs: 0 })).toBe('timed-out');
  });

  test('is refused outside shared memory', async () => {
    expect(() => park(new Int32Array(1), 0, 0, { deadlineMs: 0 })).toThrow(TypeError);
    await expect(parkAsync(new Int32Array(1), 0, 0)).rejects.toThrow(TypeError);
  });

  test('keeps the process alive while waiting, unless told not to', async () => {
    const wait = (keepAlive: boolean): string => `
      import { parkAsync, wake } from '@quorate/threads';
      const words = new Int32Array(new SharedArrayBuffer(4));
      parkAsync(words, 0, 0, { deadlineMs: 300, keepAlive: ${keepAlive} }).then(console.log);`;
    expect(await runNode(wait(true))).toBe('timed-out\n');
    expect(await runNode(wait(false))).toBe('');
  });
});

describe('the number of spins', () => {
  test('grows with the time, and is none on a single core', () => {
    if (usefulThreads() < 2) expect(measureSpins()).toBe(0);
    else {
      expect(measureSpins({ microseconds: 0 })).toBe(0);
      expect(measureSpins({ microseconds: 10_000 })).toBeGreaterThan(measureSpins({ microseconds: 1 }));
    }
    expect(() => measureSpins({ microseconds: -1 })).toThrow(RangeError);
  });
});

/** Runs a module in a Node process of its own and returns what it printed. */
async function runNode(source: string): Promise<string> {
  const child = spawnProcess(process.execPath, ['--input-type=module', '--eval', source], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  await once(child, 'close');
  return printed;
}
