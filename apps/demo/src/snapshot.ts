import type { NodeStatus, View } from '@quorate/node';
import type { CheckReport } from './checker.ts';
import type { Demo } from './demo.ts';
import { type ReplicationView, viewOf } from './replication/replication-view.ts';
import { arcsOf, type MovedArc, type MovePlan } from './move-plan.ts';
import type { TrafficCounts } from './traffic.ts';

/** One node as the page shows it. */
export interface NodeCard {
  readonly id: string;
  readonly pid: number;
  readonly state: NodeStatus['state'] | 'silent';
  readonly keys: number;
  readonly requestsPerSecond: number;
  /** Fraction of the hash space, and what equal parts would be; 0 for a node that is not a member. */
  readonly share: number;
  readonly ideal: number;
  readonly rssBytes: number;
  /** Keys that this node still has to give away. */
  readonly outboxKeys: number;
  /** Nodes from which this one is still taking keys over. */
  readonly openSources: readonly string[];
}

/** What is under way. */
export interface Activity {
  readonly busy: string | undefined;
  /** Not there where it cannot be cancelled. */
  readonly cancel: (() => void) | undefined;
}

/** What changes all the time: sent a few times a second. */
export interface StateMessage {
  readonly epoch: number;
  readonly settled: boolean;
  readonly busy: string | null;
  /** Whether what is under way can be given up. */
  readonly cancellable: boolean;
  readonly nodes: readonly NodeCard[];
  readonly keys: number;
  readonly traffic: TrafficCounts | null;
  readonly check: (CheckReport & { readonly wallMs: number }) | null;
  readonly plan: MovePlan | null;
  /** Null while there is no group of replicas. */
  readonly replication: ReplicationView | null;
}

/** What changes with a view: sent once for each. */
export interface RingMessage {
  readonly epoch: number;
  readonly nodes: readonly string[];
  /** Runs of equal owners around the ring: [index in `nodes`, length in slots], `slots` in all. */
  readonly runs: readonly (readonly [number, number])[];
  readonly slots: number;
  readonly moved: readonly MovedArc[];
}

const slots = 4096;
/** The page goes on without those that have not answered by then. */
const answerWithinMs = 1500;

/** Samples the nodes. Rates are over the time since the sample before. */
export class Sampler {
  readonly #demo: Demo;
  #before = new Map<string, { readonly count: number; readonly atMs: number }>();

  constructor(demo: Demo) {
    this.#demo = demo;
  }

  /** @param activity looked at when the nodes have answered: what was pressed meanwhile counts */
  async sample(activity: Activity, nowMs: number): Promise<StateMessage | undefined> {
    const { cluster, ledger, lastCheck, lastPlan, traffic, replication } = this.#demo;
    if (cluster.members.length === 0) return undefined;
    const [answers, replicas] = await Promise.all([
      cluster.statuses(answerWithinMs),
      replication === undefined ? null : viewOf(replication, answerWithinMs),
    ]);
    const statuses = new Map(answers.map(status => [status.id, status]));
    const { view, settled } = cluster;
    const shares = sharesOf(view);
    const nodes = cluster.processes.map(({ id, pid }) =>
      this.#card(id, pid, statuses.get(id), shares, nowMs),
    );
    this.#before = new Map(
      [...statuses.values()].map(({ id, served, forwarded }) => [
        id,
        { count: served + forwarded, atMs: nowMs },
      ]),
    );
    return {
      epoch: view.epoch,
      settled,
      busy: activity.busy ?? null,
      cancellable: activity.cancel !== undefined,
      nodes,
      keys: ledger.size,
      traffic: traffic ?? null,
      check: lastCheck ?? null,
      plan: lastPlan ?? null,
      replication: replicas,
    };
  }

  #card(
    id: string,
    pid: number,
    status: NodeStatus | undefined,
    shares: ReadonlyMap<string, number>,
    nowMs: number,
  ): NodeCard {
    const share = shares.get(id) ?? 0;
    const ideal = shares.has(id) ? 1 / shares.size : 0;
    const before = this.#before.get(id);
    const count = (status?.served ?? 0) + (status?.forwarded ?? 0);
    const seconds = before === undefined ? 0 : (nowMs - before.atMs) / 1000;
    return {
      id,
      pid,
      state: status?.state ?? 'silent',
      keys: status?.keys ?? 0,
      requestsPerSecond:
        before === undefined || seconds <= 0 ? 0 : Math.max(0, count - before.count) / seconds,
      share,
      ideal,
      rssBytes: status?.rssBytes ?? 0,
      outboxKeys: status?.outboxKeys ?? 0,
      openSources: status?.openSources ?? [],
    };
  }
}

function sharesOf(view: View): Map<string, number> {
  const shares = view.ring.shares();
  return new Map(view.ring.nodes.map((node, index) => [node.id, shares[index] ?? 0]));
}

/** The ring as the page draws it: the owner at so many places around it, equal neighbours joined. */
export function ringMessage(demo: Demo): RingMessage {
  const { view, viewBefore: before } = demo.cluster;
  const runs: [number, number][] = [];
  for (let slot = 0; slot < slots; slot++) {
    const owner = view.ring.indexOfHash(Math.floor((slot * 0x1_0000_0000) / slots));
    const last = runs.at(-1);
    if (last !== undefined && last[0] === owner) last[1]++;
    else runs.push([owner, 1]);
  }
  const nodes = view.ring.nodes.map(node => node.id);
  return { epoch: view.epoch, nodes, runs, slots, moved: before === undefined ? [] : arcsOf(before, view) };
}
