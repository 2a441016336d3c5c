import { seededRandom } from '@quorate/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { services } from '../src/kernels/store/services.ts';
import type { Bench, Context, Kernel, Params, Suite, Surroundings } from '../src/suite.ts';
import lock from '../suites/lock.ts';
import store from '../suites/store.ts';

// Servers and processes are started, and a busy machine takes its time.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Fewer than are measured. */
const small: Params = { waiters: 50, contenders: 2, processes: 2, callers: 4, 'for ms': 100 };

let surroundings: Surroundings;

beforeAll(async () => {
  surroundings = await services('redis', 'nats', 'postgres')();
  for (const [name, value] of Object.entries(surroundings.environment)) vi.stubEnv(name, value);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await surroundings[Symbol.asyncDispose]();
});

function contextOf({ params = {} }: Bench): Context {
  const all: Params = Object.fromEntries(
    Object.entries(params).map(([name, values]) => [name, small[name] ?? values[0]!]),
  );
  return {
    params: all,
    number: (name: string) => all[name] as number,
    random: (label: string) => seededRandom(label),
  } as Partial<Context> as Context;
}

function casesOf({ benches }: Suite) {
  return benches.flatMap(bench =>
    Object.keys(bench.contenders).map(contender => {
      const { skip: whyNot } = bench;
      const reason = whyNot?.(contender, {});
      const name = `${bench.name}: ${contender}${reason === undefined ? '' : `, skipped: ${reason}`}`;
      return { name, bench, contender, reason };
    }),
  );
}

describe.each([lock, store])('suite $name', suite => {
  const cases = casesOf(suite);

  it.each(cases.filter(({ reason }) => reason !== undefined))('$name', ({ reason }) => {
    expect(process.env['QUORATE_REQUIRE_SERVICES'], reason).not.toBe('1');
  });

  it.each(cases.filter(({ reason }) => reason === undefined))('works, and ends: $name', async each => {
    const made = await each.bench.contenders[each.contender]!(contextOf(each.bench));
    const amount = 'quantity' in made ? made.quantity : await amountOf(made);
    expect(amount).toBeGreaterThan(0);
    expect(amount).toBeLessThan(Number.POSITIVE_INFINITY);
  });
});

/** What a call of `run` came to, and comes to again. */
async function amountOf(kernel: Kernel): Promise<number> {
  try {
    const sum = await kernel.run(0);
    expect(Number.isInteger(sum)).toBe(true);
    expect(kernel.ops).toBeGreaterThan(0);
    // Calls that overlap are what a timer may make of them.
    await Promise.all([kernel.call?.(0), kernel.call?.(1)]);
    expect(await kernel.run(0)).toBe(sum);
    return sum;
  } finally {
    await kernel.close?.();
  }
}
