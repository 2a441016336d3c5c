import type { Random } from '@quorate/core';
import { isClean, type CheckReport } from './checker.ts';
import type { ChangeReport, Demo, LoadReport } from './demo.ts';
import { permissionModel } from './node-flags.ts';
import { type ReplicationReport, replicationChecks, runReplication } from './replication/act.ts';

/** One promise, and whether it was kept. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** The report that `--json` prints. */
export interface TourReport {
  readonly schema: 'quorate-demo/2';
  readonly ok: boolean;
  readonly seed: number;
  readonly env: { readonly node: string; readonly platform: string; readonly permissionModel: boolean };
  readonly keys: { readonly source: string; readonly count: number };
  readonly nodes: number;
  readonly durationMs: number;
  readonly load: LoadReport;
  readonly changes: readonly ChangeReport[];
  readonly final: CheckReport;
  readonly replication: ReplicationReport;
  readonly checks: readonly Check[];
}

const operationsPerSecond = 800;
const pauseMs = 300;

/**
 * The tour. First the ring: load, add a node, remove one gracefully, kill one; every key read back after each step, with
 * traffic through the whole of it, and once more when everything is still. Then replication, on the nodes that are left.
 */
export async function runTour(
  demo: Demo,
  nodeCount: number,
  seed: number,
  random: Random,
): Promise<TourReport> {
  const startMs = performance.now();
  await demo.start(nodeCount);
  const load = await demo.load();
  demo.setTraffic(operationsPerSecond);
  const changes: ChangeReport[] = [];
  await demo.pause(pauseMs);
  changes.push(await demo.add());
  await demo.pause(pauseMs);
  changes.push(await demo.remove(pickMember(demo, random, changes[0]?.node)));
  await demo.pause(pauseMs);
  changes.push(await demo.kill(pickMember(demo, random)));
  await demo.pause(pauseMs);
  await demo.stopTraffic();
  const final = await demo.check();
  const replication = await runReplication(demo, nodeCount);
  const checks = [
    ...checksOf(load, changes, final, demo.keys.keys.length),
    ...replicationChecks(replication),
  ];
  const env = { node: process.version, platform: `${process.platform} ${process.arch}`, permissionModel };
  return {
    schema: 'quorate-demo/2',
    ok: checks.every(check => check.ok),
    seed,
    env,
    keys: { source: demo.keys.source, count: demo.keys.keys.length },
    nodes: nodeCount,
    durationMs: Math.round(performance.now() - startMs),
    load,
    changes,
    final,
    replication,
    checks,
  };
}

function pickMember(demo: Demo, random: Random, except?: string): string {
  const ids = demo.cluster.members.map(member => member.id).filter(id => id !== except);
  return ids[random.below(ids.length)] as string;
}

function checksOf(
  load: LoadReport,
  changes: readonly ChangeReport[],
  final: CheckReport,
  keyCount: number,
): Check[] {
  const checks: Check[] = [
    { name: 'every key was loaded', ok: load.keys === keyCount, detail: `${load.keys} of ${keyCount}` },
  ];
  for (const change of changes) {
    const { check, kind, node, traffic, moved } = change;
    const clean = isClean(check) && traffic.violations === 0;
    const planned = kind !== 'kill';
    const name = planned
      ? `${kind} ${node}: no key lost, none stale, while writes went on`
      : `kill ${node}: no key lost but those it held, none stale`;
    const numbers = `${check.read} keys read: ${check.ok} right, ${check.lost} lost, ${check.stale} stale, ${check.wrong} wrong, ${check.unreadable} unreadable`;
    checks.push({ name, ok: clean && (!planned || check.died === 0), detail: numbers });
    const minimal = moved.unnecessary === 0;
    const share = `${percent(moved.space)} of the ring, a balanced minimum is ${percent(moved.minimum)}; between untouched nodes ${percent(moved.unnecessary)}`;
    checks.push({
      name: `${kind} ${node}: nothing moved between untouched nodes`,
      ok: minimal,
      detail: share,
    });
    const serving = traffic.reads + traffic.writes > 0;
    checks.push({
      name: `${kind} ${node}: clients were served meanwhile`,
      ok: serving,
      detail: `${traffic.reads} reads, ${traffic.writes} writes, ${traffic.deletes} deletes; slowest ${traffic.slowestMs} ms`,
    });
  }
  const detail = `${final.read} keys read: ${final.ok} right, ${final.died} lost with the killed node`;
  checks.push({ name: 'all still: the same answer from every node', ok: isClean(final), detail });
  return checks;
}

export function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(2)} %`;
}
