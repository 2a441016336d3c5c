import { sleep } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { type FaultOptions, type RunResult, type Scenario, simulate } from '../../src/index.ts';
import { scenario } from '../engine/small-scenario.ts';

const crashes: FaultOptions = { process: { crashes: true } };

/** The first seeds of a scenario in which something was, with a record. */
async function seedsWith(
  wanted: Scenario,
  has: (result: RunResult) => boolean,
  count = 5,
  hooks: { readonly before?: () => void; readonly check?: (result: RunResult) => void } = {},
) {
  const found: RunResult[] = [];
  for (let seed = 1; seed <= 200 && found.length < count; seed++) {
    hooks.before?.();
    const result = await simulate(wanted, { seed, record: true });
    expect(result.verdict, `${result.finding?.message} ${String(result.error)}`).toBe('ok');
    if (!has(result)) continue;
    hooks.check?.(result);
    found.push(result);
  }
  expect(found).toHaveLength(count);
  return found;
}

function hadCrash(result: RunResult): boolean {
  return result.trace?.some(({ detail }) => detail.type === 'crash') ?? false;
}

describe('a crash', () => {
  test('ends everything that its program had under way, and a restart begins anew', async () => {
    let moments: { readonly incarnation: number; readonly atMs: number }[] = [];
    const busy = scenario({
      nodes: ['n1', 'n2'],
      faults: crashes,
      safetyMs: 10_000,
      async node(env) {
        if (env.self !== 'n1') return;
        expect(env.clock.monotonicMs()).toBe(0);
        const note = () => moments.push({ incarnation: env.incarnation, atMs: env.clock.monotonicMs() });
        for (let delayMs = 1; delayMs < 10_000; delayMs += 7) env.clock.setTimer(delayMs, note);
        const file = await env.disk.open(`file-${env.incarnation}`, { create: true });
        for (;;) {
          await file.write([new Uint8Array(10)], 0);
          await file.sync();
          note();
        }
      },
    });
    let restarts = 0;
    const before = (): void => {
      moments = [];
    };
    const check = ({ trace }: RunResult): void => {
      const lifeMs: number[] = [];
      for (const { atUs, node, detail } of trace ?? []) {
        if (node !== 'n1') continue;
        if (detail.type === 'start') lifeMs[detail.incarnation] = -atUs / 1000;
        if (detail.type === 'crash') lifeMs[lifeMs.length - 1] = (lifeMs.at(-1) as number) + atUs / 1000;
      }
      restarts += lifeMs.length - 2;
      for (const { incarnation, atMs } of moments) {
        const limitMs = lifeMs[incarnation] as number;
        // The last life has no end, so its limit is still its negative beginning.
        if (limitMs > 0) expect(atMs).toBeLessThanOrEqual(limitMs + 0.001);
      }
      expect(moments.length).toBeGreaterThan(100);
    };
    await seedsWith(busy, hadCrash, 10, { before, check });
    expect(restarts).toBeGreaterThan(5);
  });

  test('takes every effect from code that runs on', async () => {
    let escaped: (() => void) | undefined;
    const ghost = scenario({
      nodes: ['n1', 'n2'],
      faults: crashes,
      safetyMs: 20_000,
      invariants: [() => ({ name: 'none', observe: () => ({ rule: 'none', message: 'a ghost speaks' }) })],
      async node(env) {
        if (env.self === 'n2') {
          await env.transport.start({ onMessage: () => env.observe({ type: 'heard' }) });
          for (;;) {
            await sleep(env.clock, 5);
            escaped?.();
          }
        }
        await env.transport.start({ onMessage() {} });
        if (env.incarnation > 1) return;
        await sleep(env.clock, 1);
        const stop = sleep(env.clock, 100_000);
        void stop;
        escaped = () => {
          if (lastStarted === env) return;
          env.observe({ type: 'ghost' });
          env.reached('ghost');
          env.log('ghost');
          expect(env.transport.send(env.nodes[1] as never, new Uint8Array(1))).toBe('disconnected');
          env.clock.setTimer(0, () => env.observe({ type: 'ghost' }));
          void env.disk.open('ghost', { create: true });
        };
      },
    });
    let lastStarted: unknown;
    const tracked: Scenario = {
      ...ghost,
      node(env) {
        if (env.self === 'n1') lastStarted = env;
        if (env.self === 'n1' && env.incarnation === 1) escaped = undefined;
        return ghost.node(env);
      },
    };
    const runs = await seedsWith(tracked, result =>
      Boolean(result.trace?.some(({ node: name, detail }) => name === 'n1' && detail.type === 'crash')),
    );
    for (const { trace, probes } of runs) {
      expect(probes).toEqual([]);
      expect(trace?.some(({ detail }) => detail.type === 'log' || detail.type === 'fact')).toBe(false);
    }
  });

  test('leaves what was synced on the disk, and takes the rest now and then', async () => {
    const lost: boolean[] = [];
    const writer = scenario({
      nodes: ['n1', 'n2'],
      faults: crashes,
      safetyMs: 10_000,
      async node(env) {
        const names = await env.disk.list();
        if (names.length === 0) {
          const file = await env.disk.open('log', { create: true });
          await file.write([new Uint8Array(100).fill(1)], 0);
          await file.sync();
          await env.disk.syncNames();
          env.reached('synced');
          await file.write([new Uint8Array(100).fill(2)], 100);
          return;
        }
        const bytes = new Uint8Array(200);
        const file = await env.disk.open('log');
        const count = await file.read(bytes, 0);
        if (count >= 100) expect(bytes.subarray(0, 100).every(byte => byte === 1)).toBe(true);
        lost.push(count < 200);
      },
    });
    await seedsWith(writer, hadCrash, 20);
    expect(new Set(lost).size).toBe(2);
  });

  test('strikes within disk operations too: a write that was not acknowledged', async () => {
    const torn = scenario({
      nodes: ['n1', 'n2'],
      faults: crashes,
      safetyMs: 10_000,
      async node(env) {
        const file = await env.disk.open(`log-${env.incarnation}`, { create: true });
        for (let offset = 0; ; offset += 10) {
          env.log('begin');
          await file.write([new Uint8Array(10)], offset);
          await file.sync();
          env.log('end');
          await sleep(env.clock, 20);
        }
      },
    });
    const runs = await seedsWith(torn, result => Boolean(result.swarm?.includes('disk-crashes')), 10);
    const within = runs.flatMap(({ trace }) => {
      const last = new Map<string, string>();
      return (trace ?? []).flatMap(({ node, detail }) => {
        if (detail.type === 'log') last.set(node, detail.text);
        return detail.type === 'crash' ? [last.get(node)] : [];
      });
    });
    expect(within.filter(last => last === 'begin').length).toBeGreaterThan(5);
  });

  test('spares as many nodes as it must, and clients always', async () => {
    const mostDown = async (downMax: number): Promise<number> => {
      const few = scenario({
        nodes: ['n1', 'n2', 'n3', 'n4', 'n5'],
        faults: { process: { crashes: true, downMax } },
        safetyMs: 20_000,
        clients: 1,
        client: async () => {},
      });
      let max = 0;
      for (const { trace } of await seedsWith(few, hadCrash, 30)) {
        const down = new Set<string>();
        for (const { node, detail } of trace ?? []) {
          if (detail.type === 'crash') down.add(node);
          if (detail.type === 'start') down.delete(node);
          max = Math.max(max, down.size);
          expect(node === 'client-0' && detail.type === 'crash').toBe(false);
        }
        expect(down.size).toBe(0);
      }
      return max;
    };
    expect(await mostDown(1)).toBe(1);
    expect(await mostDown(5)).toBeGreaterThan(2);
  });

  test('that is taken away does not happen, and the others do', async () => {
    const idle = scenario({ nodes: ['n1', 'n2', 'n3'], faults: crashes, safetyMs: 20_000 });
    const planned = (result: RunResult) =>
      result.removable?.filter(name => name.startsWith('fault:crash#')) ?? [];
    const [run] = await seedsWith(idle, result => planned(result).length >= 3, 1);
    const names = planned(run as RunResult);
    const without = await simulate(idle, {
      seed: run?.seed ?? 0,
      record: true,
      without: [names[1] as string],
    });
    expect(planned(without)).not.toContain(names[1]);
    for (const name of names.filter(other => other !== names[1])) expect(planned(without)).toContain(name);
    const none = await simulate(idle, {
      seed: run?.seed ?? 0,
      record: true,
      without: ['fault:', 'swarm/disk'],
    });
    expect(hadCrash(none)).toBe(false);
  });
});

describe('a pause', () => {
  test('holds events back, and time goes on meanwhile', async () => {
    const gaps: { readonly ms: number; readonly incarnation: number }[] = [];
    const ticking = scenario({
      nodes: ['n1'],
      faults: { process: { pauses: true, pauseMaxMs: 500 } },
      safetyMs: 20_000,
      async node(env) {
        for (let before = env.clock.monotonicMs(); ; ) {
          await sleep(env.clock, 10);
          const now = env.clock.monotonicMs();
          gaps.push({ ms: now - before, incarnation: env.incarnation });
          before = now;
        }
      },
    });
    const runs = await seedsWith(ticking, ({ swarm }) => Boolean(swarm?.includes('pauses')), 10);
    expect(gaps.every(({ ms, incarnation }) => ms > 9.999 && incarnation === 1)).toBe(true);
    expect(gaps.some(({ ms }) => ms > 100)).toBe(true);
    for (const { trace } of runs) {
      let paused = false;
      for (const { node, detail } of trace ?? []) {
        if (detail.type === 'pause') paused = true;
        else if (detail.type === 'resume') paused = false;
        else if (node === 'n1') expect(paused).toBe(false);
      }
      expect(paused).toBe(false);
    }
  });

  test('ends with a crash: whoever starts again runs', async () => {
    const both = scenario({ nodes: ['n1'], faults: { process: { downMax: 1 } }, safetyMs: 20_000 });
    let within = 0;
    const check = ({ trace }: RunResult): void => {
      let paused = false;
      for (const { detail } of trace ?? []) {
        if (detail.type === 'crash') {
          if (paused) within++;
          paused = false;
        } else if (detail.type === 'pause') {
          expect(paused).toBe(false);
          paused = true;
        } else if (detail.type === 'resume') {
          expect(paused).toBe(true);
          paused = false;
        }
      }
    };
    const kinds = ['crashes', 'pauses'];
    await seedsWith(both, ({ swarm }) => kinds.every(kind => swarm?.includes(kind)), 40, { check });
    expect(within).toBeGreaterThan(0);
  });
});

test('a disk that is full stays so until the fault ends that filled it', async () => {
  const filling = scenario({
    nodes: ['n1'],
    faults: { disk: { full: true } },
    safetyMs: 60_000,
    async node(env) {
      const { clock, disk } = env;
      for (let count = 0; ; count++) {
        const file = await disk.open(`file-${count}`, { create: true });
        try {
          await file.write([new Uint8Array(1)], 0);
          env.log('room');
        } catch {
          env.log('full');
        }
        await sleep(clock, 200);
      }
    },
  });
  const runs = await seedsWith(filling, ({ swarm }) => Boolean(swarm?.includes('full')), 20);
  let refused = 0;
  for (const { trace } of runs) {
    const running = new Set<number>();
    for (const { detail } of trace ?? []) {
      if (detail.type === 'fault-begin') running.add(detail.fault);
      else if (detail.type === 'fault-end') running.delete(detail.fault);
      else if (detail.type === 'log') {
        expect(detail.text).toBe(running.size > 0 ? 'full' : 'room');
        if (running.size > 0) refused++;
      }
    }
  }
  expect(refused).toBeGreaterThan(100);
});
