import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { countAllocations } from '../src/measure/account.ts';
import type { Account } from '../src/measure/job.ts';
import type { Kernel } from '../src/suite.ts';

/** Where things are put so that they must be made. */
const kept: unknown[] = Array.from({ length: 64 }, () => null);

const calls = 2000;

const slotsOf = (count: number): number[] => Array.from({ length: count }, () => 1);

/** A kernel that makes an array of so many slots in each of its ten operations. */
function making(slots: number, part: Partial<Kernel> = {}): Kernel {
  const pattern = slotsOf(slots);
  return {
    ops: 10,
    run() {
      for (let op = 0; op < 10; op++) kept[op] = pattern.slice();
      return 1;
    },
    ...part,
  };
}

/** One that makes nothing. */
function adding(part: Partial<Kernel> = {}): Kernel {
  const words = Uint32Array.from({ length: 1000 }, (_, index) => index);
  return {
    ops: 1000,
    run() {
      let sum = 0;
      for (const word of words) sum = (sum + word) | 0;
      return sum & 0xffff;
    },
    ...part,
  };
}

/** Warm, as in a measured process: code that is compiled meanwhile would be counted. */
async function account(kernel: Kernel, cycles = calls): Promise<Account> {
  for (let turn = 0; turn < 5; turn++) await countAllocations(kernel, cycles);
  return countAllocations(kernel, cycles);
}

/** What is not an operation's: compiling leaves some. */
const slackBytes = 65_536;

/** The middle of five accounts. */
async function typicalBytes(next: () => Promise<Account>): Promise<number> {
  const found: number[] = [];
  for (let turn = 0; turn < 5; turn++) found.push((await next()).bytesPerOp);
  return found.toSorted((a, b) => a - b)[2] ?? Number.NaN;
}

/** Bytes of a slot: 8, or 4 where V8 compresses its pointers. */
const slotBytes = async (): Promise<number> => {
  const [few, many] = [await account(making(100)), await account(making(300))];
  return (many.bytesPerOp - few.bytesPerOp) / 200;
};

describe('countAllocations', () => {
  it('counts the bytes that operations allocate, whatever of them was collected', async () => {
    const slot = await slotBytes();
    expect([4, 8]).toContain(Math.round(slot));
    expect(Math.abs(slot / Math.round(slot) - 1)).toBeLessThan(0.02);
    const { bytesPerOp, ops } = await account(making(300));
    expect(ops).toBe(10 * calls);
    // The slots, and a few words around them.
    expect(bytesPerOp).toBeGreaterThan(300 * slot);
    expect(bytesPerOp).toBeLessThan(300 * slot + 200);
  });

  it('finds that nothing is allocated where nothing is', async () => {
    const { bytesPerOp, collectionsPerOp = 1, ops } = await account(adding());
    expect(ops).toBe(1000 * calls);
    expect(bytesPerOp * ops).toBeLessThan(slackBytes);
    expect(collectionsPerOp * ops).toBeLessThanOrEqual(2);
  });

  it('takes off what is allocated before each call', async () => {
    const pattern = slotsOf(500);
    const prepare = (): void => {
      for (let op = 0; op < 10; op++) kept[10 + op] = pattern.slice();
    };
    const none = await account(adding({ prepare }));
    // Some 80 MB are allocated before its calls.
    expect(none.bytesPerOp * none.ops).toBeLessThan(slackBytes);
    const [alone, prepared] = [await account(making(300)), await account(making(300, { prepare }))];
    expect(Math.abs(prepared.bytesPerOp / alone.bytesPerOp - 1)).toBeLessThan(0.02);
    expect(none).not.toHaveProperty('collectionsPerOp');
    expect(prepared.ops).toBe(10 * calls);
  });

  it('counts collections where there must be some', async () => {
    const { bytesPerOp, collectionsPerOp = 0, ops } = await account(making(1000), 2000);
    // The young generation holds some 16 to 32 MB.
    expect(bytesPerOp * ops).toBeGreaterThan(70e6);
    expect(collectionsPerOp * ops).toBeGreaterThanOrEqual(2);
    expect(collectionsPerOp).toBeLessThan(0.1);
  });

  it('counts calls that answer later too', async () => {
    const later = (slots: number): Kernel => {
      const kernel = making(slots);
      // It makes nothing before the next turn of the loop.
      return { ops: 10, run: async pass => nextTurn().then(() => kernel.run(pass)) };
    };
    const [few, many] = [await account(later(100)), await account(later(300))];
    expect(Math.abs((many.bytesPerOp - few.bytesPerOp) / 200 / (await slotBytes()) - 1)).toBeLessThan(0.05);
  });

  it('runs whole cycles, pass after pass, and what comes before each call with it', async () => {
    const called: string[] = [];
    const kernel: Kernel = {
      ops: 3,
      cycle: 2,
      run: pass => called.push(`run ${pass}`),
    };
    expect(await countAllocations(kernel, 2)).toMatchObject({ ops: 12 });
    // For the collections, and again for the bytes.
    const twice = ['run 0', 'run 1', 'run 0', 'run 1'];
    expect(called).toEqual([...twice, ...twice]);
    called.length = 0;
    await countAllocations({ ...kernel, prepare: pass => void called.push(`prepare ${pass}`) }, 1);
    expect(called).toEqual(['prepare 0', 'run 0', 'prepare 1', 'run 1']);
  });

  it('tells sixteen bytes from none, where V8 counts 256 KB at once', async () => {
    const boxes = { box: { value: 0 } };
    const boxing: Kernel = {
      ops: 1,
      run(pass) {
        boxes.box = { value: pass };
        return 1;
      },
    };
    const resting: Kernel = { ops: 1, run: () => 1 };
    // Code that V8 optimises or throws away meanwhile leaves some bytes: a single account may hold them, most do not.
    const few = await typicalBytes(() => account(boxing));
    const none = await typicalBytes(() => account(resting));
    expect(few - none).toBeGreaterThan(12);
    expect(few - none).toBeLessThan(40);
  });

  it('counts by pages where every call is collected in', async () => {
    // Some 48 MB a call: more than the young generation holds.
    const large: Kernel = {
      ops: 600,
      run() {
        for (let op = 0; op < 600; op++) kept[op % 64] = slotsOf(10_000);
        return 1;
      },
    };
    const { bytesPerOp } = await countAllocations(large, 3);
    const slot = await slotBytes();
    expect(bytesPerOp).toBeGreaterThan(10_000 * slot);
    expect(bytesPerOp).toBeLessThan(30_000 * slot);
  });
});
