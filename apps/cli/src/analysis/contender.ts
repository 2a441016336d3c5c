import { Ring, type RingOptions } from '@quorate/ring';
import type { FileNode } from '../input/nodes-file.ts';
import type { AlgorithmSpec } from './algorithm-spec.ts';
import type { Change } from './change.ts';
import { MovementCounter } from './movement-counter.ts';
import { PreferenceLists } from './preference-lists.ts';

/** A change that an algorithm cannot make, and why. */
export interface Refusal {
  readonly change: Change;
  readonly reason: string;
}

/** An algorithm at work on the user's nodes: its rings and everything that is counted. */
export interface Contender {
  readonly spec: AlgorithmSpec;
  readonly ring: Ring;
  /** Keys by the index in `ring.nodes`. */
  readonly keys: Float64Array;
  /** Requests by the index in `ring.nodes`. */
  readonly requests: Float64Array;
  readonly movements: readonly MovementCounter[];
  readonly refusals: readonly Refusal[];
  /** Where keys have several owners: the ring's own lists and, where nodes have zones, those that spread over them. */
  readonly lists: readonly PreferenceLists[];
}

/**
 * Builds an algorithm's rings: the one of now and one for each change it can make.
 *
 * @throws RangeError or TypeError of `@quorate/ring` where the algorithm cannot hold these nodes
 */
export function buildContender(
  spec: AlgorithmSpec,
  nodes: readonly FileNode[],
  changes: readonly Change[],
  replicas: number,
): Contender {
  const ring = buildRing(spec, nodes);
  const movements: MovementCounter[] = [];
  const refusals: Refusal[] = [];
  for (const change of changes) {
    try {
      const after = ring.with({ add: change.add, remove: change.remove });
      movements.push(new MovementCounter(ring, after, change));
    } catch (error) {
      refusals.push({ change, reason: refusalOf(error) });
    }
  }
  const spreads = nodes.some(node => node.zone !== undefined) ? ([undefined, 'zone'] as const) : [undefined];
  return {
    spec,
    ring,
    keys: new Float64Array(ring.nodeCount),
    requests: new Float64Array(ring.nodeCount),
    movements,
    refusals,
    lists: replicas > 1 ? spreads.map(spread => new PreferenceLists(ring, replicas, spread)) : [],
  };
}

/** The ring of an algorithm over these nodes. @throws RangeError or TypeError of `@quorate/ring` */
export function buildRing(spec: AlgorithmSpec, nodes: readonly FileNode[]): Ring {
  return Ring.build({ ...spec.options, algorithm: spec.algorithm, nodes } as RingOptions);
}

/** The reason that a ring gave for refusing. Anything else than a refusal is a defect and is thrown on. */
export function refusalOf(error: unknown): string {
  if (error instanceof RangeError || error instanceof TypeError) return error.message;
  throw error;
}
