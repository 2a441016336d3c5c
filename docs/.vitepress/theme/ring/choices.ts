import { type AlgorithmName, Ring } from '@quorate/ring';
import type { Member } from './members.ts';

/** An algorithm as the picture offers it. */
export interface Choice {
  readonly name: AlgorithmName;
  readonly summary: string;
  /** Neighbouring hashes mostly have one owner, so that the circle shows arcs; elsewhere it would be dust. */
  readonly arcs: boolean;
  /** Owners of a key are met one after the other, clockwise. */
  readonly clockwise: boolean;
  /** The slider of points per node has a meaning. */
  readonly points?: boolean;
}

export const CHOICES: readonly Choice[] = [
  {
    name: 'ring',
    summary: 'Each node has points on the circle; a key belongs to the next point clockwise.',
    arcs: true,
    clockwise: true,
    points: true,
  },
  {
    name: 'ketama',
    summary: 'The ring of memcached clients: 160 points a node from MD5, exactly as libketama places them.',
    arcs: true,
    clockwise: true,
  },
  {
    name: 'maglev',
    summary:
      'Nodes take turns to fill a table, so that loads are almost equal. Here it has 251 slots, to be seen.',
    arcs: true,
    clockwise: true,
  },
  {
    name: 'tokens',
    summary: 'Cassandra’s token ring. A node owns from the token before its own up to its own.',
    arcs: true,
    clockwise: true,
    points: true,
  },
  {
    name: 'slots',
    summary: 'Redis Cluster: 16,384 slots, and a table that says who serves which. Changes move whole slots.',
    arcs: true,
    clockwise: true,
  },
  {
    name: 'rendezvous',
    summary:
      'Every node bids for every key, the highest bid wins. There are no arcs: these are 240 single hashes.',
    arcs: false,
    clockwise: false,
  },
  {
    name: 'multi-probe',
    summary:
      'One point a node, 21 probes a key; the closest hit wins. There are no arcs: these are 240 hashes.',
    arcs: false,
    clockwise: false,
  },
  {
    name: 'jump',
    summary:
      'Numbered buckets without any table, added and removed only at the end. Try to remove one in the middle.',
    arcs: false,
    clockwise: false,
  },
];

/** Points per node that the slider offers. */
export const POINTS: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 160];

/** How finely the circle is read: finer than a pixel for arcs, coarse enough to see for dust. */
export function samplesFor(choice: Choice): number {
  return choice.arcs ? 4096 : 240;
}

export function choiceOf(name: AlgorithmName): Choice {
  const choice = CHOICES.find(candidate => candidate.name === name);
  if (choice === undefined) throw new RangeError(`The picture does not offer "${name}"`);
  return choice;
}

/** A ring of the members; `points` counts for the algorithms that say so. */
export function buildRing(algorithm: AlgorithmName, points: number, nodes: readonly Member[]): Ring {
  if (algorithm === 'ring') return Ring.build({ algorithm, vnodes: points, nodes });
  if (algorithm === 'tokens') return Ring.build({ algorithm, tokensPerNode: points, nodes });
  if (algorithm === 'maglev') return Ring.build({ algorithm, tableSize: 251, nodes });
  return Ring.build({ algorithm, nodes });
}
