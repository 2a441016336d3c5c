import { type Clock, QuorateError, sleep } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { type ClientEnv, type Scenario, simulate } from '../../src/index.ts';
import { heartbeatAsync, heartbeatCallbacks } from '../../scenarios/heartbeat.ts';
import { scenario } from './small-scenario.ts';

const short = { safetyMs: 5_000, livenessMs: 2_000 };

describe('a run', () => {
  test('is the same each time, by either pump, with and without a record', async () => {
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const style = { ...heartbeatAsync, ...short };
      const first = await simulate(style, { seed });
      const again = await simulate(style, { seed });
      const ticks = await simulate(style, { seed }, { pump: 'ticks' });
      const recorded = await simulate(style, { seed, record: true });
      expect(again).toEqual(first);
      expect(ticks).toEqual(first);
      const { trace, removable, ...rest } = recorded;
      expect(rest).toEqual(first);
      expect(trace?.map(({ index }) => index)).toEqual(trace?.map((_, index) => index));
      expect(removable).toBeDefined();
      expect(first.verdict).toBe('ok');
    }
  });

  test('does the same by callbacks and by async functions that do the same', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { traceHash } = await simulate({ ...heartbeatCallbacks, ...short }, { seed });
      const other = await simulate({ ...heartbeatAsync, ...short }, { seed });
      expect(other.traceHash, `seed ${seed}`).toBe(traceHash);
    }
  });

  test('differs from seed to seed', async () => {
    const hashes = new Set<string>();
    for (let seed = 1; seed <= 30; seed++) {
      hashes.add((await simulate({ ...heartbeatCallbacks, ...short }, { seed })).traceHash);
    }
    expect(hashes.size).toBe(30);
  });

  test('runs beside others in its thread as if it were alone', async () => {
    const seeds = [1, 2, 3, 4];
    const style = { ...heartbeatAsync, ...short };
    const alone = [];
    for (const seed of seeds) alone.push((await simulate(style, { seed })).traceHash);
    const together = await Promise.all(seeds.map(seed => simulate(style, { seed })));
    expect(together.map(({ traceHash }) => traceHash)).toEqual(alone);
  });

  test('has the phases, the probes and the end that it says', async () => {
    const result = await simulate(
      scenario({
        node(env) {
          env.reached('here');
          env.log('started');
        },
      }),
      { seed: 1, record: true },
    );
    expect(result).toMatchObject({ verdict: 'ok', simulatedMs: 2_000, probes: ['here'], swarm: [] });
    const phases = result.trace?.flatMap(({ atUs, detail }) =>
      detail.type === 'phase' ? [[detail.phase, atUs]] : [],
    );
    expect(phases).toEqual([
      ['safety', 0],
      ['liveness', 1_000_000],
      ['end', 2_000_000],
    ]);
  });

  test('is over when the last client ends in the liveness phase, and without clients takes all of it', async () => {
    const endless = async (env: { readonly clock: Clock }): Promise<never> => {
      for (;;) await sleep(env.clock, 10);
    };
    const run = (fields: Partial<Scenario>, without: readonly string[] = []) =>
      simulate(scenario({ node: endless, ...fields }), { seed: 1, without });
    const waiting = (waitMs: number) => async (env: ClientEnv) => {
      while (!env.workload.aborted) await sleep(env.clock, 1);
      await sleep(env.clock, waitMs * env.index);
    };
    const last = await run({ clients: 3, client: waiting(200) });
    expect(last.verdict).toBe('ok');
    expect(last.simulatedMs).toBeGreaterThanOrEqual(1_400);
    expect(last.simulatedMs).toBeLessThan(1_402);
    expect((await run({ clients: 2, async client() {} })).simulatedMs).toBe(1_000);
    expect((await run({ clients: 1, client: endless })).finding).toMatchObject({
      rule: 'liveness',
      atMs: 2_000,
    });
    expect((await run({})).simulatedMs).toBe(2_000);
    // Who is taken away is not waited for.
    const less = await run({ clients: 2, client: waiting(200) }, ['client:client-1#0']);
    expect(less.simulatedMs).toBeLessThan(1_002);
  });

  test('that is cut short before a client starts has that client begin nothing', async () => {
    const late = scenario({
      clients: 1,
      async client(env) {
        while (!env.workload.aborted) await sleep(env.clock, 1);
      },
    });
    for (let seed = 1; seed <= 5; seed++) {
      expect(await simulate(late, { seed, safetyMs: 0 })).toMatchObject({ verdict: 'ok' });
    }
  });

  test('can be cut short, and what happens before stays as it was', async () => {
    const whole = await simulate({ ...heartbeatAsync, ...short }, { seed: 5, record: true });
    const cut = await simulate({ ...heartbeatAsync, ...short }, { seed: 5, record: true, safetyMs: 2_000 });
    const before = (trace: typeof whole.trace) => trace?.filter(({ atUs }) => atUs < 2_000_000);
    expect(before(cut.trace)).toEqual(before(whole.trace));
    expect(cut.simulatedMs).toBe(4_000);
  });

  test('refuses a seed that is no integer', async () => {
    await expect(simulate(heartbeatAsync, { seed: 1.5 })).rejects.toThrow(
      'Seed must be a safe integer: received 1.5',
    );
    await expect(simulate(heartbeatAsync, { seed: 1, without: ['#'] })).rejects.toThrow(RangeError);
  });
});

describe('findings', () => {
  test('a client that hangs is one, which names it and what it waits for', async () => {
    const result = await simulate(
      scenario({
        clients: 2,
        async client(env) {
          if (env.index === 1) await env.operation({ read: 'x' }, () => new Promise(() => {}));
        },
      }),
      { seed: 1 },
    );
    expect(result.verdict).toBe('violation');
    expect(result.finding?.rule).toBe('liveness');
    expect(result.finding?.message).toMatch(/client-1 waits for operation 0 \(\{"read":"x"\}\) since/);
    expect(result.finding?.message).not.toContain('client-0');
  });

  test('invariants hear facts in their order, and end the run at the first that is wrong', async () => {
    const result = await simulate(
      scenario({
        invariants: [
          () => ({
            name: 'few',
            observe: (fact, at) =>
              fact['count'] === 3 ? { rule: 'few', message: `3 at ${at.node}` } : undefined,
          }),
        ],
        async node(env) {
          for (let count = 0; ; count++) {
            env.observe({ type: 'counted', count });
            await sleep(env.clock, 10);
          }
        },
      }),
      { seed: 1, record: true },
    );
    expect(result.finding).toMatchObject({ rule: 'few', message: '3 at n1' });
    const startedUs = result.trace?.find(({ detail }) => detail.type === 'start')?.atUs ?? 0;
    expect(result.finding?.atMs).toBe((startedUs + 30_000) / 1000);
    expect(result.trace?.at(-1)?.detail).toEqual({ type: 'finding', rule: 'few', message: '3 at n1' });
  });

  test('an invariant that throws is an error, even where the program that stated the fact goes on', async () => {
    const broken = new Error('broken invariant');
    const result = await simulate(
      scenario({
        clients: 1,
        invariants: [
          () => ({
            name: 'broken',
            observe() {
              throw broken;
            },
          }),
        ],
        client: env => env.operation(1, async () => env.observe({ type: 'any' })),
      }),
      { seed: 1 },
    );
    expect(result).toMatchObject({ verdict: 'error', error: broken });
  });

  test('invariants and the check are asked at the end', async () => {
    const last = await simulate(
      scenario({
        invariants: [
          () => ({ name: 'end', observe: () => undefined, finish: () => ({ rule: 'end', message: 'late' }) }),
        ],
      }),
      { seed: 1 },
    );
    expect(last.finding).toEqual({ rule: 'end', message: 'late', atMs: 2_000 });
    const checked = await simulate(
      scenario({
        clients: 1,
        client: async env => void (await env.operation(1, async () => 2)),
        check: history => ({ rule: 'all', message: JSON.stringify(history.map(({ output }) => output)) }),
      }),
      { seed: 1 },
    );
    expect(checked.finding?.message).toBe('[2]');
  });

  test('too many events are one', async () => {
    const result = await simulate(heartbeatCallbacks, { seed: 1, eventsMax: 500 });
    expect(result).toMatchObject({ verdict: 'violation', finding: { rule: 'exhausted' }, events: 500 });
  });
});

describe('operations', () => {
  test('are open, gone or done by how they end', async () => {
    const { history } = await simulate(
      scenario({
        clients: 1,
        async client(env) {
          await env.operation('done', async () => {
            await sleep(env.clock, 5);
            return 'yes';
          });
          await env.operation('open', () => Promise.reject(new QuorateError('LOST', 'Lost')));
          await env.operation('never', () =>
            Promise.reject(new QuorateError('UNAVAILABLE', 'Down', { outcome: 'not-applied' })),
          );
          await env.operation('thrown', () => {
            throw new Error('at once');
          });
        },
      }),
      { seed: 1 },
    );
    expect(history.map(({ input, output }) => [input, output])).toEqual([
      ['done', 'yes'],
      ['open', undefined],
      ['thrown', undefined],
    ]);
    const [done, open] = history;
    expect(done?.process).toBe('client-0');
    expect(done?.returnedAt).toBeGreaterThan(done?.invokedAt ?? Number.POSITIVE_INFINITY);
    expect(open?.invokedAt).toBeGreaterThan(done?.returnedAt ?? Number.POSITIVE_INFINITY);
    expect(open?.returnedAt).toBeUndefined();
  });

  test('that are taken away are skipped, and nothing else is', async () => {
    const counting = scenario({
      clients: 2,
      async client(env) {
        for (let index = 0; index < 5; index++) {
          await env.operation(`${env.index}.${index}`, async () => env.random.uint32());
        }
      },
    });
    const whole = await simulate(counting, { seed: 1, record: true });
    expect(whole.removable).toContain('op:client-0#3');
    const less = await simulate(counting, { seed: 1, without: ['op:client-0#3', 'op:client-1'] });
    expect(less.history.map(({ input }) => input)).toEqual(['0.0', '0.1', '0.2', '0.4']);
  });

  test('a mistake of the program within one is an error, not an open outcome', async () => {
    const result = await simulate(
      scenario({
        clients: 1,
        async client(env) {
          await env.operation(1, () => Promise.reject(new TypeError('oops')));
        },
      }),
      { seed: 1 },
    );
    expect(result).toMatchObject({ verdict: 'error', error: { message: 'oops' } });
  });
});
