import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { measureOpenLoop } from '../src/measure/open-loop.ts';
import type { Kernel } from '../src/suite.ts';

function kernelOf(call: (index: number) => unknown): Kernel {
  return { ops: 1, run: () => 1, call };
}

/** Keeps its thread busy, by the clock. */
function stall(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

const ms = 1e6;

describe('measureOpenLoop', () => {
  it('charges a stall to all calls that it holds up, not to the one that it happens in', async () => {
    // 2,000 calls a second: in 50 ms a hundred of them are due, a sixth of all.
    const kernel = kernelOf(index => (index === 300 ? stall(50) : index));
    const { corrected, raw, calls } = await measureOpenLoop(kernel, 2000, 300);
    expect(calls).toBe(600);
    // Six of a hundred and more wait for 40 ms or longer, however busy the machine is.
    expect(corrected.p99).toBeGreaterThan(40 * ms);
    expect(corrected.most).toBeGreaterThanOrEqual(corrected.p999);
    // One of 600 calls is slow by itself.
    expect(raw.most).toBeGreaterThan(49 * ms);
    expect(raw.p99).toBeLessThan(corrected.p99 / 2);
    expect(raw.p50).toBeLessThanOrEqual(corrected.p50);
  });

  it('charges slow answers in full where nothing is held up by them', async () => {
    const kernel = kernelOf(async () => sleep(30));
    const { corrected, raw } = await measureOpenLoop(kernel, 500, 60);
    for (const { p50, p99 } of [corrected, raw]) {
      expect(p50).toBeGreaterThan(28 * ms);
      expect(p99).toBeGreaterThanOrEqual(p50);
    }
  });

  it('does not wait for an answer before it makes the next call', async () => {
    let [underWay, most] = [0, 0];
    const kernel = kernelOf(async () => {
      most = Math.max(most, ++underWay);
      await sleep(50);
      underWay -= 1;
    });
    await measureOpenLoop(kernel, 1000, 60);
    expect(most).toBeGreaterThan(10);
    // Those under way at its end were waited for.
    expect(underWay).toBe(0);
  });

  it('lets answers in between calls that are all late', async () => {
    // Each call takes longer than there is from one to the next: all but the first are late.
    const waiting: (() => void)[] = [];
    const order: string[] = [];
    const kernel = kernelOf(async index => {
      stall(1);
      order.push(`call ${index}`);
      // What came in meanwhile is answered when the thread lets it.
      setImmediate(() => waiting.shift()?.());
      await new Promise<void>(answer => waiting.push(answer));
      order.push(`answer ${index}`);
    });
    const { calls } = await measureOpenLoop(kernel, 20_000, 2);
    expect(calls).toBe(40);
    expect(order).toHaveLength(160);
    // No answer waits for more than the next call or two, and by far not for the last.
    for (let index = 0; index < 80; index++) {
      expect(order.indexOf(`answer ${index}`) - order.indexOf(`call ${index}`)).toBeLessThanOrEqual(4);
    }
  });

  it('makes as many calls as are due, none before its time, and counts those alone after the first hundred', async () => {
    const made: number[] = [];
    const startMs = performance.now();
    const kernel = kernelOf(index => {
      expect(index).toBe(made.length);
      made.push(performance.now() - startMs);
    });
    const { calls, rate } = await measureOpenLoop(kernel, 2500, 40);
    expect({ calls, rate }).toEqual({ calls: 100, rate: 2500 });
    expect(made).toHaveLength(200);
    for (const [index, at] of made.entries()) expect(at).toBeGreaterThanOrEqual((index * 1000) / 2500 - 0.01);
  });

  it('does not count what happens to the first hundred calls', async () => {
    // They are over half a hundred milliseconds after the stall.
    const kernel = kernelOf(index => (index === 0 ? stall(200) : index));
    const { corrected, raw } = await measureOpenLoop(kernel, 400, 250);
    expect(raw.most).toBeLessThan(100 * ms);
    expect(corrected.most).toBeLessThan(150 * ms);
  });

  it('warms up by no more calls than it counts, so that a low rate takes no longer', async () => {
    let made = 0;
    const { calls } = await measureOpenLoop(
      kernelOf(() => {
        made += 1;
      }),
      100,
      50,
    );
    expect({ calls, made }).toEqual({ calls: 5, made: 10 });
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('It broke');
      },
    ],
    ['is rejected', async () => Promise.reject(new Error('It broke'))],
    ['is rejected later', async () => sleep(5).then(() => Promise.reject(new Error('It broke')))],
  ])('fails where a call %s, and leaves no rejection to nobody', async (_, fail) => {
    for (const at of [0, 60, 99]) {
      let calls = 0;
      const kernel = kernelOf(index => {
        calls += 1;
        return index === at ? fail() : index;
      });
      await expect(measureOpenLoop(kernel, 1000, 50)).rejects.toThrow('It broke');
      expect(calls).toBeGreaterThan(at);
    }
  });

  it('makes no more calls once one has failed', async () => {
    let calls = 0;
    const kernel = kernelOf(async () => {
      calls += 1;
      if (calls === 3) throw new Error('It broke');
    });
    await expect(measureOpenLoop(kernel, 1000, 60_000)).rejects.toThrow('It broke');
    expect(calls).toBeLessThan(100);
  });

  it('needs a call, and a rate that can be kept', async () => {
    await expect(measureOpenLoop({ ops: 1, run: () => 1 }, 100, 10)).rejects.toThrow(
      'Bench with a rate must have "call": received none',
    );
    for (const rate of [0, -1, Number.NaN, 1e6 + 1]) {
      await expect(
        measureOpenLoop(
          kernelOf(() => 1),
          rate,
          10,
        ),
      ).rejects.toThrow(`Rate must be above 0 and at most 1,000,000 calls a second: received ${rate}`);
    }
  });
});
