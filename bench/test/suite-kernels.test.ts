import { seededRandom } from '@quorate/core';
import { describe, expect, it, vi } from 'vitest';
import type { Bench, Context, Kernel, Params, ParamValue, Suite } from '../src/suite.ts';
import codec from '../suites/codec.ts';
import journal from '../suites/journal.ts';
import linearizability from '../suites/linearizability.ts';
import sim from '../suites/sim.ts';
import transport from '../suites/transport.ts';

// Worker threads load their modules anew, and a busy machine takes its time.
vi.setConfig({ testTimeout: 60_000 });

function contextOf({ params = {} }: Bench): Context {
  const first = Object.entries(params).map(([name, values]) => [name, values[0] as ParamValue]);
  return {
    params: Object.fromEntries(first) as Params,
    number: (name: string) => params[name]?.[0] as number,
    random: (label: string) => seededRandom(label),
  } as Partial<Context> as Context;
}

interface Case {
  readonly name: string;
  readonly bench: Bench;
  readonly contender: string;
  /** Why it cannot run here, if it cannot. */
  readonly absent: string | undefined;
}

function casesOf(suite: Suite): Case[] {
  return suite.benches.flatMap(bench => {
    const { skip: reasonToSkip } = bench;
    return Object.keys(bench.contenders).map(contender => ({
      name: `${bench.name}: ${contender}`,
      bench,
      contender,
      absent: reasonToSkip?.(contender, contextOf(bench).params),
    }));
  });
}

async function open({ bench, contender }: Case): Promise<Kernel> {
  const made = await bench.contenders[contender]?.(contextOf(bench));
  if (made === undefined || !('run' in made)) throw new Error(`No kernel of ${contender}`);
  return made;
}

describe.each([codec, journal, linearizability, sim, transport])('suite $name', suite => {
  const sums = new Map<string, number>();

  it.for(casesOf(suite))('does the same work each time, and ends: $name', async (each, ctx) => {
    ctx.skip(each.absent !== undefined, each.absent);
    const kernel = await open(each);
    try {
      const sum = await kernel.run(0);
      expect(Number.isInteger(sum)).toBe(true);
      // Calls that overlap are what a timer may make of them.
      await Promise.all([kernel.call?.(0), kernel.call?.(1)]);
      expect(await kernel.run(0)).toBe(sum);
      expect(kernel.ops).toBeGreaterThan(0);
      if (each.bench.agree === true) {
        const first = sums.get(each.bench.name) ?? sum;
        sums.set(each.bench.name, first);
        expect(sum).toBe(first);
      }
    } finally {
      await kernel.close?.();
    }
  });
});
