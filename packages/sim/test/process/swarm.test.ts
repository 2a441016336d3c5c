import { describe, expect, test } from 'vitest';
import { simulate } from '../../src/index.ts';
import { scenario } from '../engine/small-scenario.ts';

const everything = scenario({
  nodes: ['n1', 'n2', 'n3'],
  faults: { network: true, process: true, clock: true, disk: true },
  livenessMs: 0,
});

describe('the swarm', () => {
  test('has each seed draw its own subset, and some none', async () => {
    const counts = new Map<string, number>();
    const subsets = new Set<string>();
    let calm = 0;
    const seeds = 200;
    for (let seed = 1; seed <= seeds; seed++) {
      const { swarm = [] } = await simulate(everything, { seed });
      if (swarm.length === 0) calm++;
      subsets.add(swarm.join());
      for (const kind of swarm) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    expect([...counts.keys()].toSorted()).toEqual([
      'clogs',
      'crashes',
      'disk-crashes',
      'disk-latency',
      'drift',
      'full',
      'jumps',
      'loss',
      'partitions',
      'pauses',
      'resets',
      'rot',
      'skew',
      'sync-failures',
      'torn',
    ]);
    for (const [kind, count] of counts) {
      expect(count, kind).toBeGreaterThan(seeds * 0.35);
      expect(count, kind).toBeLessThan(seeds * 0.75);
    }
    expect(calm).toBeGreaterThan(seeds * 0.03);
    expect(calm).toBeLessThan(seeds * 0.25);
    expect(subsets.size).toBeGreaterThan(150);
  });

  test('can be taken away whole, or one kind of it', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const whole = await simulate(everything, { seed, record: true });
      const none = await simulate(everything, { seed, record: true, without: ['swarm/faults#0'] });
      expect(none.swarm).toEqual([]);
      expect(none.trace?.some(({ detail }) => detail.type === 'fault-begin')).toBe(false);
      const less = await simulate(everything, { seed, record: true, without: ['swarm/crashes#0'] });
      expect(less.swarm).toEqual(whole.swarm?.filter(kind => kind !== 'crashes'));
    }
  });

  test('has only the kinds that a scenario allows', async () => {
    const kinds = async (faults: typeof everything.faults) => {
      const seen = new Set<string>();
      for (let seed = 1; seed <= 40; seed++) {
        for (const kind of (await simulate({ ...everything, ...(faults ? { faults } : {}) }, { seed }))
          .swarm ?? []) {
          seen.add(kind);
        }
      }
      return [...seen].toSorted();
    };
    expect(await kinds({ process: { pauses: true } })).toEqual(['pauses']);
    expect(await kinds({ process: { pauseMaxMs: 5 } })).toEqual(['crashes', 'disk-crashes', 'pauses']);
    expect(await kinds({ network: { mode: 'datagram', loss: false } })).toEqual([
      'clogs',
      'corruption',
      'duplication',
      'partitions',
      'reordering',
    ]);
    expect(await kinds({ clock: { driftMax: 0.1 }, disk: false })).toEqual(['drift']);
  });

  test('every fault that begins ends, at the latest with the safety phase', async () => {
    const begun = new Set<string>();
    for (let seed = 1; seed <= 40; seed++) {
      const { trace } = await simulate(everything, { seed, record: true });
      const running = new Set<number>();
      for (const { atUs, detail } of trace ?? []) {
        if (detail.type === 'fault-begin') {
          running.add(detail.fault);
          begun.add(detail.kind);
          expect(atUs).toBeLessThan(1_000_000);
        }
        if (detail.type === 'fault-end') expect(running.delete(detail.fault)).toBe(true);
      }
      expect(running.size).toBe(0);
    }
    expect([...begun].toSorted()).toEqual(['clog', 'crash', 'full', 'jump', 'partition', 'pause', 'reset']);
  });
});
