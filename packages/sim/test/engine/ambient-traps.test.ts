import { spawn } from 'node:child_process';
import { createHash, generatePrimeSync, randomBytes, scrypt } from 'node:crypto';
import * as files from 'node:fs';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { scheduler, setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { gzip } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { NondeterminismError, simulate } from '../../src/index.ts';
import { scenario } from './small-scenario.ts';

const key = new Uint8Array(16);
const temporalNow = (globalThis as { readonly Temporal?: { readonly Now: Record<string, () => unknown> } })
  .Temporal?.Now;

const uses: readonly (readonly [string, () => unknown])[] = [
  ['Date.now()', () => Date.now()],
  ['new Date()', () => new Date()],
  ['Date()', () => Date()],
  ['Math.random()', () => Math.random()],
  ['performance.now()', () => performance.now()],
  ['process.hrtime()', () => process.hrtime()],
  ['process.hrtime.bigint()', () => process.hrtime.bigint()],
  ['process.uptime()', () => process.uptime()],
  ['process.nextTick()', () => process.nextTick(() => {})],
  ['process.exit()', () => process.exit(1)],
  ['setTimeout()', () => setTimeout(() => {}, 1)],
  ['setInterval()', () => setInterval(() => {}, 1)],
  ['setImmediate()', () => setImmediate(() => {})],
  ['setTimeout() of node:timers/promises', () => wait(1)],
  ['AbortSignal.timeout()', () => AbortSignal.timeout(1)],
  ['Atomics.wait()', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)],
  ['crypto.randomUUID()', () => crypto.randomUUID()],
  ['crypto.getRandomValues()', () => crypto.getRandomValues(new Uint8Array(1))],
  ['randomBytes() of node:crypto', () => randomBytes(4)],
  ['fetch()', () => fetch('http://127.0.0.1:1')],
  ['readFileSync() of node:fs', () => readFileSync('/nowhere')],
  ['a whole module', () => files.statSync('/nowhere')],
  ['connect() of node:net', () => connect(1)],
  ['spawn() of node:child_process', () => spawn('true')],
  ['Worker of node:worker_threads', () => new Worker('0', { eval: true })],
  ['MessageChannel()', () => new MessageChannel()],
  ['scheduler.wait()', () => scheduler.wait(1)],
  ['scrypt() of node:crypto', () => scrypt('a', 'b', 8, () => {})],
  ['generatePrimeSync() of node:crypto', () => generatePrimeSync(32)],
  ['gzip() of node:zlib', () => gzip('a', () => {})],
  ['crypto.subtle.importKey()', () => crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt'])],
  ['WebAssembly.compile()', () => WebAssembly.compile(new Uint8Array(8))],
  // Absent before Node 26.
  ...['instant', 'plainDateTimeISO', 'zonedDateTimeISO']
    .filter(name => temporalNow?.[name] !== undefined)
    .map(name => [`Temporal.Now.${name}()`, () => temporalNow?.[name]?.()] as const),
];

describe('ambient things', () => {
  test.each(uses)('%s ends the run, with the stack of who used it', async (_name, use) => {
    const { verdict, error } = await simulate(scenario({ node: () => void use() }), { seed: 1 });
    expect(verdict).toBe('error');
    expect(error).toBeInstanceOf(NondeterminismError);
    expect(error).toMatchObject({ code: 'NONDETERMINISM' });
    expect((error as Error).stack).toContain('ambient-traps.test.ts');
  });

  test('end the run even where the program catches what they throw', async () => {
    const { verdict, error } = await simulate(
      scenario({
        async node() {
          await Promise.resolve();
          try {
            Math.random();
          } catch {
            // As a program might that takes every error for a failure of its peers.
          }
        },
      }),
      { seed: 1 },
    );
    expect(verdict).toBe('error');
    expect((error as Error).message).toBe(
      'Simulated code must not use Math.random(): take randomness from env.random',
    );
  });

  test('are there again once the run is over, each as it was', async () => {
    const things = () => [
      Date,
      Date.now,
      Math.random,
      setTimeout,
      queueMicrotask,
      Object.getOwnPropertyDescriptor(process, 'nextTick'),
      readFileSync,
      Object.getOwnPropertyDescriptor(Performance.prototype, 'now'),
      Object.getOwnPropertyDescriptor(Crypto.prototype, 'randomUUID'),
      Object.getOwnPropertyDescriptor(globalThis, 'fetch'),
      process.listeners('unhandledRejection').length,
    ];
    const before = things();
    await simulate(scenario({ node: () => void Date.now() }), { seed: 1 });
    expect(things()).toEqual(before);
    expect(Object.hasOwn(performance, 'now')).toBe(false);
    expect(Date.now()).toBeGreaterThan(1_700_000_000_000);
  });

  test('are there for the host between the turns of a long run', async () => {
    let ticks = 0;
    const run = { isOver: false };
    const host = (async () => {
      while (!run.isOver) {
        await wait(1);
        ticks += new Date() instanceof Date ? 1 : 0;
      }
    })();
    const talk = scenario({
      safetyMs: 60_000,
      node(env) {
        const again = (): void => void env.clock.setTimer(0.2, again);
        again();
      },
    });
    expect((await simulate(talk, { seed: 1 })).verdict).toBe('ok');
    run.isOver = true;
    await host;
    expect(ticks).toBeGreaterThan(0);
  });

  test('that follow from what they are given are left alone', async () => {
    const { verdict } = await simulate(
      scenario({
        async node(env) {
          expect(new Date(0).toISOString()).toBe('1970-01-01T00:00:00.000Z');
          expect(new Date(env.clock.wallMs())).toBeInstanceOf(Date);
          expect(Date.UTC(2026, 0)).toBe(1_767_225_600_000);
          expect(createHash('sha256').update('a').digest('hex')).toMatch(/^ca978112/);
          expect(structuredClone({ a: 1 })).toEqual({ a: 1 });
          await new Promise<void>(resolve => queueMicrotask(resolve));
          new AbortController().abort();
        },
      }),
      { seed: 1 },
    );
    expect(verdict).toBe('ok');
  });
});

describe('what a program throws', () => {
  const thrown = new Error('mine');
  const ways: readonly (readonly [string, () => unknown])[] = [
    [
      'at once',
      () => {
        throw thrown;
      },
    ],
    ['from its async function', async () => Promise.reject(thrown)],
    ['from a promise that nobody handles', () => void Promise.reject(thrown)],
    [
      'from a microtask',
      () =>
        queueMicrotask(() => {
          throw thrown;
        }),
    ],
    [
      'from a listener',
      () => {
        const controller = new AbortController();
        controller.signal.addEventListener('abort', () => {
          throw thrown;
        });
        controller.abort();
      },
    ],
  ];

  test.each(ways)('%s is the verdict, by either pump', async (_name, way) => {
    for (const pump of ['checkpoint', 'ticks'] as const) {
      const result = await simulate(scenario({ node: () => way() as undefined }), { seed: 1 }, { pump });
      expect(result).toMatchObject({ verdict: 'error', error: thrown });
    }
  });

  test('from a timer or a message is the verdict', async () => {
    const result = await simulate(
      scenario({
        node: env =>
          void env.clock.setTimer(5, () => {
            throw thrown;
          }),
      }),
      { seed: 1 },
    );
    expect(result).toMatchObject({ verdict: 'error', error: thrown });
  });

  test('and handles in time is its own business', async () => {
    const result = await simulate(
      scenario({
        async node() {
          const failing = Promise.reject(thrown);
          await Promise.resolve();
          await failing.catch(() => {});
        },
      }),
      { seed: 1 },
    );
    expect(result.verdict).toBe('ok');
  });
});

describe('a program that lets no time go on', () => {
  test('by timers without a delay ends as an error', async () => {
    const result = await simulate(
      scenario({
        node(env) {
          const again = (): void => void env.clock.setTimer(0, again);
          again();
        },
      }),
      { seed: 1 },
    );
    expect(result.verdict).toBe('error');
    expect((result.error as Error).message).toMatch(
      /^Time stands still at [\d.]+ ms: 100000 events at one instant$/,
    );
  });

  test.each([
    [
      'a loop',
      (read: () => number) => {
        while (read() >= 0);
      },
    ],
    [
      'microtasks',
      async (read: () => number) => {
        while (read() >= 0) await Promise.resolve();
      },
    ],
  ])('by %s that reads the clock ends as an error', async (_name, loop) => {
    const result = await simulate(scenario({ node: env => loop(() => env.clock.monotonicMs()) }), {
      seed: 1,
    });
    expect(result.verdict).toBe('error');
    expect((result.error as Error).message).toContain('1000000 calls within one event');
  });
});
