import { ManualClock } from '@quorate/core';
import { channel, inline, listen, type Schedule, serve, spawn } from '@quorate/threads';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createInlinePair } from '../src/inline-port.ts';

/** Keeps scheduled steps until the test runs them, in the order that it chooses. */
class Steps {
  readonly waiting: (() => void)[] = [];
  readonly schedule: Schedule = step => this.waiting.push(step);

  /** Runs all, each chosen by `choose` among those that wait, with the microtasks in between. */
  async run(choose: (count: number) => number = () => 0): Promise<void> {
    for (;;) {
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      const [step] = this.waiting.splice(choose(this.waiting.length), 1);
      if (step === undefined) return;
      step();
    }
  }
}

const modules = {
  'sim:adder': {
    adder: serve({
      add: ({ a, b }: { a: number; b: number }) => a + b,
      later: async (value: number) => value,
    }),
  },
};
const load = (url: string): Readonly<Record<string, unknown>> => modules[url as keyof typeof modules];

describe('under a schedule', () => {
  test('nothing happens until it says so, not even the start', async () => {
    const steps = new Steps();
    const clock = new ManualClock();
    let up = false;
    const spawning = spawn<(typeof modules)['sim:adder']['adder']>('sim:adder', {
      backend: inline({ schedule: steps.schedule, load }),
      clock,
    }).then(worker => {
      up = true;
      return worker;
    });
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
    expect(up).toBe(false);
    await steps.run();
    const worker = await spawning;
    const sum = worker.call('add', { a: 1, b: 2 });
    await steps.run();
    expect(await sum).toBe(3);
    const slow = worker.call('later', 1, { deadlineMs: 10 });
    clock.advance(10);
    await expect(slow).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    const exit = worker.terminate();
    await steps.run();
    expect((await exit).reason).toBe('terminated');
  });

  test('the exit comes after every message that the worker sent, in any order of steps', async () => {
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat()), async choices => {
        const steps = new Steps();
        const backend = inline({ schedule: steps.schedule, load });
        const spawning = spawn<(typeof modules)['sim:adder']['adder']>('sim:adder', { backend });
        const choose = (count: number): number => (choices.next().value ?? 0) % Math.max(count, 1);
        await steps.run(choose);
        const worker = await spawning;
        const answers = [1, 2, 3].map(value => worker.call('later', value));
        const closing = worker.close();
        await steps.run(choose);
        expect(await Promise.all(answers)).toEqual([1, 2, 3]);
        expect((await closing).reason).toBe('closed');
      }),
      { numRuns: 100 },
    );
  });

  test('messages of one port keep their order, in any order of steps', async () => {
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat()), fc.array(fc.boolean()), async (choices, toRight) => {
        const steps = new Steps();
        const [left, right] = channel<number>({ schedule: steps.schedule });
        const heard: { left: number[]; right: number[] } = { left: [], right: [] };
        listen(left, value => heard.left.push(value));
        listen(right, value => heard.right.push(value));
        for (const [value, there] of toRight.entries()) (there ? left : right).postMessage(value);
        await steps.run(count => (choices.next().value ?? 0) % Math.max(count, 1));
        const sent = [...toRight.entries()];
        expect(heard.right).toEqual(sent.filter(([, there]) => there).map(([value]) => value));
        expect(heard.left).toEqual(sent.filter(([, there]) => !there).map(([value]) => value));
      }),
    );
  });
});

describe('an inline port', () => {
  test('is moved with its waiting messages, and is dead where it was', async () => {
    const steps = new Steps();
    const [carrierIn, carrierOut] = createInlinePair<unknown, unknown>(steps.schedule);
    const [here, there] = channel<string>({ schedule: steps.schedule });
    here.postMessage('early');
    const message = { list: [new Map([['port', there]]), new Set([there])] };
    carrierIn.postMessage(message, [there]);
    here.postMessage('late');
    const heard: string[] = [];
    listen(carrierOut, value => {
      const { list } = value as { list: [Map<string, typeof there>, Set<typeof there>] };
      const port = list[0].get('port') as typeof there;
      expect(list[1].has(port)).toBe(true);
      listen(port, text => heard.push(text));
    });
    await steps.run();
    expect(heard).toEqual(['early', 'late']);
    there.postMessage('into nothing');
    expect(() => carrierIn.postMessage(there, [there])).toThrow('is closed or was transferred');
    await steps.run();
    expect(heard).toHaveLength(2);
  });

  test('is refused when it is not in the transfer list, or is to transfer itself', () => {
    const [left, right] = channel<unknown>({ schedule: queueMicrotask });
    expect(() => left.postMessage({ right })).toThrow('A port is not in the transfer list');
    expect(() => left.postMessage(left, [left])).toThrow('A port cannot transfer itself');
    expect(() => structuredClone(right)).toThrow('A port is not in the transfer list');
  });

  test('tells both ends of its closing, behind what was posted before', async () => {
    const steps = new Steps();
    const [left, right] = channel<string>({ schedule: steps.schedule });
    const heard: string[] = [];
    listen(left, text => heard.push(text), { onClose: () => heard.push('left closed') });
    listen(right, text => heard.push(text), { onClose: () => heard.push('right closed') });
    left.postMessage('last words');
    left.close();
    right.postMessage('unheard');
    await steps.run();
    expect(heard.filter(text => text !== 'left closed')).toEqual(['last words', 'right closed']);
    expect(heard).toContain('left closed');
  });

  test('tells of its closing also where it was transferred, or listened to, only afterwards', async () => {
    const steps = new Steps();
    const [carrierIn, carrierOut] = createInlinePair<unknown, unknown>(steps.schedule);
    const heard: string[] = [];
    const [left, right] = channel<string>({ schedule: steps.schedule });
    const [other, moved] = channel<string>({ schedule: steps.schedule });
    carrierIn.postMessage(moved, [moved]);
    left.close();
    other.close();
    await steps.run();
    listen(right, () => {}, { onClose: () => heard.push('late') });
    listen(carrierOut, port => {
      listen(port as typeof moved, () => {}, { onClose: () => heard.push('moved') });
    });
    await steps.run();
    expect(heard.toSorted()).toEqual(['late', 'moved']);
  });

  test('is refused when it is twice in the transfer list, and stays where it was', async () => {
    const steps = new Steps();
    const [carrier] = createInlinePair<unknown, unknown>(steps.schedule);
    const [here, there] = channel<string>({ schedule: steps.schedule });
    expect(() => carrier.postMessage(there, [there, there])).toThrow(
      expect.objectContaining({ name: 'DataCloneError' }),
    );
    const heard: string[] = [];
    listen(there, text => heard.push(text));
    here.postMessage('still here');
    await steps.run();
    expect(heard).toEqual(['still here']);
  });

  test('keeps messages until it is started, and stops hearing when disposed', async () => {
    const steps = new Steps();
    const [left, right] = channel<string>({ schedule: steps.schedule });
    left.postMessage('kept');
    await steps.run();
    const heard: string[] = [];
    const listening = listen(right, text => heard.push(text));
    await steps.run();
    expect(heard).toEqual(['kept']);
    listening[Symbol.dispose]();
    left.postMessage('unheard');
    await steps.run();
    expect(heard).toEqual(['kept']);
  });
});
