import { afterEach, describe, expect, it, vi } from 'vitest';
import { brokenGuard } from '../src/check/guards.ts';
import { settle, type Settled } from '../src/measure/settle.ts';

afterEach(() => void vi.restoreAllMocks());

/** What a made-up kernel is like; times in ms. */
interface Made {
  /** Time of the cycle that so many went before. */
  readonly cycleMs: (before: number) => number;
  /** Time of that many cycles, where it is not the sum of theirs. */
  readonly chunkMs?: (cycles: number) => number;
  /** What the machine adds to a call, by its number. */
  readonly lostMs?: (call: number, cycles: number) => number;
  readonly chunk?: number;
  readonly ops?: number;
  readonly passes?: number;
}

/** Settles a kernel on a clock that only its work moves. */
async function settleMade(
  made: Made,
): Promise<Settled & { readonly calls: readonly number[]; tookMs: number }> {
  const { cycleMs, chunkMs, lostMs = () => 0, chunk = 10, ops = 20, passes = 1 } = made;
  let [nowMs, cycles] = [0, 0];
  const calls: number[] = [];
  // An empty loop of 200,000 turns takes 0.1 ms on this clock, half a nanosecond a turn.
  vi.spyOn(performance, 'now').mockImplementation(() => (nowMs += 0.1));
  const run = async (count: number): Promise<number> => {
    let ms = 0;
    for (let index = 0; index < count; index++) ms += cycleMs(cycles++);
    ms = (chunkMs?.(count) ?? ms) + lostMs(calls.length, count);
    calls.push(count);
    nowMs += ms;
    return ms;
  };
  const first = cycleMs(0);
  const found = await settle({
    run,
    warmupCycles: 0,
    cycleMs: first,
    chunkMs: chunk * first,
    ops,
    calls: passes,
  });
  return { ...found, calls, tookMs: nowMs };
}

describe('settle', () => {
  it('needs no more cycles than were run already where a kernel is steady', async () => {
    const { warmupCycles, cycleMs, guards, calls } = await settleMade({ cycleMs: () => 0.2, ops: 20 });
    expect(warmupCycles).toBe(0);
    expect(cycleMs).toBeCloseTo(0.2, 12);
    expect(guards.linearity).toBeCloseTo(2, 12);
    // 10 µs an operation, half a nanosecond a turn.
    expect(guards.timesEmpty).toBeCloseTo(20_000, 6);
    expect(guards.stillFalling).toBeCloseTo(0, 12);
    // Five blocks of four chunks, then eight of half a chunk and of a whole one.
    expect(calls).toEqual([
      ...Array.from({ length: 20 }, () => 10),
      ...Array.from({ length: 8 }, () => [5, 10]).flat(),
    ]);
  });

  it('holds a call for twenty operations at least: asking for it takes some turns of a loop as well', async () => {
    const timesEmpty = async (ops: number, passes: number): Promise<number> =>
      (await settleMade({ cycleMs: () => 0.2, ops, passes })).guards.timesEmpty;
    const twenty = await timesEmpty(20, 1);
    expect(await timesEmpty(1, 1)).toBeCloseTo(twenty, 6);
    expect(await timesEmpty(40, 1)).toBeCloseTo(twenty / 2, 6);
    expect(await timesEmpty(40, 4)).toBeCloseTo(twenty / 4, 6);
  });

  it.each([25, 130, 180])('finds that a kernel is fast after %d cycles, to a block', async fast => {
    const { warmupCycles, cycleMs } = await settleMade({ cycleMs: before => (before < fast ? 0.2 : 0.1) });
    expect(cycleMs).toBeCloseTo(0.1, 12);
    expect(warmupCycles).toBeGreaterThan(fast - 40);
    expect(warmupCycles).toBeLessThanOrEqual(fast);
  });

  it('goes on for as long as it gets faster', async () => {
    const slope = (before: number): number => Math.max(0.1, 0.2 - before / 4000);
    const { warmupCycles, guards } = await settleMade({ cycleMs: slope });
    expect(warmupCycles).toBeGreaterThan(300);
    expect(brokenGuard(guards)).toBeUndefined();
  });

  it('gives a kernel up that falls on and on, and says so', async () => {
    const { guards, tookMs } = await settleMade({ cycleMs: before => 2 * 0.999 ** before });
    expect(tookMs).toBeLessThan(5000);
    expect(guards.stillFalling).toBeGreaterThan(0.02);
    expect(brokenGuard(guards)).toEqual({ why: expect.stringContaining('must be warm'), byNoise: true });
  });

  it('is not taken in by a machine that was slow in the beginning or now and then', async () => {
    const { warmupCycles, guards } = await settleMade({
      cycleMs: () => 0.2,
      lostMs: call => (call < 12 || call % 3 === 0 ? 1 : 0),
    });
    expect(warmupCycles).toBeLessThanOrEqual(120);
    expect(brokenGuard(guards)).toBeUndefined();
  });

  it('bears a kernel of long cycles, and is done well within the minute that a process has', async () => {
    for (const cycleMs of [250, 1000, 1800]) {
      const { guards, tookMs } = await settleMade({ cycleMs: () => cycleMs, chunk: 1 });
      expect(brokenGuard(guards)).toBeUndefined();
      expect(tookMs).toBeLessThan(35_000);
    }
  });
});

describe('linearity', () => {
  it.each([
    ['takes as long whatever it is asked for', () => 1, 1],
    ['takes four times as long for twice the work', (cycles: number) => cycles ** 2 / 100, 4],
    ['spends half of its time once a chunk', (cycles: number) => 0.5 + cycles / 10, 1.5],
  ])('tells a kernel that %s', async (_, chunkMs, wanted) => {
    const { guards } = await settleMade({ cycleMs: () => 0.1, chunkMs });
    expect(guards.linearity).toBeCloseTo(wanted, 9);
    expect(brokenGuard(guards)).toEqual({
      why: expect.stringContaining('Twice the work must take'),
      byNoise: true,
    });
  });

  it.each([
    [22, 61],
    [23, 60],
  ])(
    'is found on a machine that lets nothing but calls %d and %d through, a half and a whole chunk',
    async (...free) => {
      const { guards, calls } = await settleMade({
        cycleMs: () => 0.2,
        lostMs: call => (call < 20 || free.includes(call) ? 0 : 3),
      });
      expect(guards.linearity).toBeCloseTo(2, 9);
      expect(calls).toHaveLength(62);
    },
  );

  it('is given up at some time', async () => {
    const { calls } = await settleMade({ cycleMs: () => 0.1, chunkMs: () => 1 });
    expect(calls).toHaveLength(20 + 2 * 64);
    const slow = await settleMade({ cycleMs: () => 100, chunkMs: () => 100, chunk: 1 });
    expect(slow.tookMs).toBeLessThan(12_000);
  });
});
