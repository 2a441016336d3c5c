import type { FileNode } from '../input/nodes-file.ts';
import type { Analysis } from './analysis.ts';
import { type Balance, balanceOf, samplingNoise } from './balance.ts';
import type { Contender } from './contender.ts';
import { fairShares } from './fair-shares.ts';
import type { PreferenceLists } from './preference-lists.ts';

/** What `quorate ring analyze --json` prints. Fractions are of 1. Nodes keep the order of the nodes file everywhere. */
export interface AnalyzeReport {
  readonly schema: 'quorate-ring-analyze/1';
  readonly keys: {
    /** Entries read, repeats included. */
    readonly requests: number;
    /** Distinct keys; all entries with `--assume-distinct`. */
    readonly distinct: number;
    /** Empty entries, which were left out. */
    readonly empty: number;
    /** The key that came most often; with `--count-duplicates` only, and only if one came twice. Bytes that are not UTF-8 show as U+FFFD. */
    readonly hottest?: { readonly key: string; readonly requests: number; readonly share: number };
  };
  readonly nodes: readonly {
    readonly id: string;
    readonly weight: number;
    readonly zone?: string;
    /** Its part of the keys by weight. */
    readonly fairShare: number;
  }[];
  readonly weighted: boolean;
  readonly replicas: number;
  /** The relative deviation that chance alone gives to this many keys. */
  readonly samplingNoise: number;
  readonly changes: readonly ChangeReport[];
  readonly algorithms: readonly AlgorithmReport[];
  readonly leftOut: readonly { readonly algorithm: string; readonly reason: string }[];
}

/** A change, and the smallest fraction of the keys that any algorithm can move in it. */
export interface ChangeReport {
  readonly label: string;
  readonly add: readonly { readonly id: string; readonly weight: number; readonly zone?: string }[];
  readonly remove: readonly string[];
  readonly minimum: number;
}

/** Everything about one algorithm. */
export interface AlgorithmReport {
  /** As on the command line. */
  readonly algorithm: string;
  readonly historyFree: boolean;
  /** Keys by node, and their balance. */
  readonly keys: Load;
  /** Requests by node; with `--count-duplicates` only. */
  readonly requests?: Load;
  /** With `--replicas` above 1: the ring's own lists, then those that spread over zones where nodes have zones. */
  readonly replicas?: readonly ReplicaReport[];
  /** In the order of the report's `changes`. */
  readonly changes: readonly MovementReport[];
}

/** A load by node, in the order of the report's `nodes`. */
export interface Load {
  readonly balance: Balance;
  readonly perNode: readonly number[];
}

/** Preference lists: copies by node, and how many zones they reach. */
export interface ReplicaReport {
  readonly spread: 'zone' | null;
  readonly copies: Load;
  /** Fraction of the keys whose owners lie in 1, 2, … zones; first the one for 1. */
  readonly zoneShares: readonly number[];
}

/** What moved, or why the algorithm cannot make the change. */
export type MovementReport =
  | {
      readonly possible: true;
      readonly movedKeys: number;
      readonly moved: number;
      /** Between nodes that the change did not touch. */
      readonly unnecessaryKeys: number;
      readonly unnecessary: number;
      readonly movedRequests?: number;
      readonly unnecessaryRequests?: number;
    }
  | { readonly possible: false; readonly reason: string };

/** The report of a finished analysis. @param empty Entries that were left out */
export function reportOf(analysis: Analysis, empty: number): AnalyzeReport {
  const { nodes, replicas, changes, countDuplicates } = analysis.options;
  const weights = nodes.map(node => node.weight);
  const fair = fairShares(weights);
  const { hottest } = analysis;
  return {
    schema: 'quorate-ring-analyze/1',
    keys: {
      requests: analysis.requests,
      distinct: analysis.keys,
      empty,
      ...(hottest === undefined || !countDuplicates
        ? {}
        : {
            hottest: {
              key: Buffer.from(hottest.key).toString('utf8'),
              requests: hottest.requests,
              share: hottest.requests / analysis.requests,
            },
          }),
    },
    nodes: nodes.map((node, index) => ({ ...plainNode(node), fairShare: fair[index] as number })),
    weighted: new Set(weights.filter(weight => weight > 0)).size > 1,
    replicas,
    samplingNoise: samplingNoise(analysis.keys, fair),
    changes: changes.map(({ label, add, remove, minimum }) => {
      return { label, add: add.map(plainNode), remove, minimum };
    }),
    algorithms: analysis.contenders.map(contender => algorithmReport(analysis, contender, fair)),
    leftOut: analysis.leftOut.map(({ spec, reason }) => ({ algorithm: spec.label, reason })),
  };
}

function plainNode({ id, weight, zone }: FileNode): { id: string; weight: number; zone?: string } {
  return { id, weight, ...(zone === undefined ? {} : { zone }) };
}

function algorithmReport(analysis: Analysis, contender: Contender, fair: Float64Array): AlgorithmReport {
  const { nodes, countDuplicates, replicas } = analysis.options;
  const indexes = new Map(contender.ring.nodes.map(node => [node.id, node.index]));
  // Rings that do not depend on order sort their nodes; people think in the order of their file.
  const inFileOrder = (loads: Float64Array): Float64Array =>
    Float64Array.from(nodes, node => loads[indexes.get(node.id) as number] as number);
  const loadOf = (loads: Float64Array, shares: Float64Array): Load => {
    const perNode = inFileOrder(loads);
    return { balance: balanceOf(perNode, shares), perNode: [...perNode] };
  };
  const copiesFair = fairShares(
    nodes.map(node => node.weight),
    replicas,
  );
  const replicaReport = ({ spread, copies, zones }: PreferenceLists): ReplicaReport => ({
    spread: spread ?? null,
    copies: loadOf(copies, copiesFair),
    zoneShares: [...zones.subarray(1)].map(count => count / analysis.keys),
  });
  return {
    algorithm: contender.spec.label,
    historyFree: contender.ring.historyFree,
    keys: loadOf(contender.keys, fair),
    ...(countDuplicates ? { requests: loadOf(contender.requests, fair) } : {}),
    ...(contender.lists.length === 0 ? {} : { replicas: contender.lists.map(replicaReport) }),
    changes: analysis.options.changes.map(change => movementReport(analysis, contender, change)),
  };
}

function movementReport(
  { keys, options }: Analysis,
  contender: Contender,
  change: Analysis['options']['changes'][number],
): MovementReport {
  const counter = contender.movements.find(movement => movement.change === change);
  if (counter === undefined) {
    const refusal = contender.refusals.find(candidate => candidate.change === change);
    return { possible: false, reason: refusal?.reason ?? '' };
  }
  return {
    possible: true,
    movedKeys: counter.moved,
    moved: counter.moved / keys,
    unnecessaryKeys: counter.unnecessary,
    unnecessary: counter.unnecessary / keys,
    ...(options.countDuplicates
      ? { movedRequests: counter.movedRequests, unnecessaryRequests: counter.unnecessaryRequests }
      : {}),
  };
}
