import type { Key } from './key.ts';
import type { Placement } from './placement.ts';
import type { RingNode } from './ring-node.ts';

/** How `Ring.pick` chooses several owners. */
export interface PickOptions<V = unknown> {
  /** How many distinct owners, 0 to the number of nodes. */
  readonly n: number;
  /** `'zone'`: one node from as many zones as there are comes first, then the rest in the ring's order. */
  readonly spread?: 'zone' | undefined;
  /** Nodes for which it gives `false` are passed over, as if they had left. */
  readonly filter?: ((node: RingNode<V>) => boolean) | undefined;
  /** Receives the result, so that a call allocates nothing; its length is set. */
  readonly out?: string[] | undefined;
}

/**
 * The scratch list of candidates. A filter may itself call `pick`: whoever works takes the list away and puts it back.
 */
let scratch: Int32Array | undefined;

function takeScratch(size: number): Int32Array {
  const taken = scratch;
  scratch = undefined;
  return taken !== undefined && taken.length >= size ? taken : new Int32Array(Math.max(64, size));
}

/** The list of owners where no filter runs, so nobody else can want it meanwhile. It grows to the longest asked for. */
let plainScratch = new Int32Array(64);

/** The first `n` owners in the ring's order. */
export function pickPlain(
  placement: Placement,
  ids: readonly string[],
  key: Key,
  n: number,
  out: string[],
): string[] {
  if (n > plainScratch.length) plainScratch = new Int32Array(n);
  const list = plainScratch;
  const found = placement.preference(key, n, list);
  for (let i = 0; i < found; i++) out[i] = ids[list[i] as number] as string;
  if (out.length !== found) out.length = found;
  return out;
}

/**
 * The owners that a filter leaves, spread over zones where that is asked.
 *
 * It asks the placement for twice as many candidates until enough are left, so the usual case stays short and the
 * worst, a filter that refuses nearly everything, costs twice a full walk.
 *
 * @param zoneCount Zones among the nodes with a weight above 0, as `countZones` gives it.
 */
export function pickChosen<V>(
  placement: Placement,
  nodes: readonly RingNode<V>[],
  key: Key,
  options: PickOptions<V>,
  out: string[],
  zoneCount: number,
): string[] {
  const { n, spread, filter } = options;
  if (spread !== undefined && spread !== 'zone')
    throw new RangeError(`Spread must be 'zone' or left out: received "${String(spread)}"`);
  const zonesWanted = spread === 'zone' ? Math.min(n, zoneCount) : 0;
  const list = takeScratch(nodes.length);
  try {
    for (let count = Math.min(nodes.length, 2 * n); ; count = Math.min(nodes.length, 2 * count)) {
      const found = keepAccepted(nodes, filter, list, placement.preference(key, count, list));
      const zones = zonesWanted === 0 ? 0 : putZonesFirst(nodes, list, found, zonesWanted);
      if ((found >= n && zones >= zonesWanted) || count === nodes.length) {
        out.length = Math.min(n, found);
        for (let i = 0; i < out.length; i++) out[i] = (nodes[list[i] as number] as RingNode<V>).id;
        return out;
      }
    }
  } finally {
    scratch = list;
  }
}

/** Moves what the filter accepts to the front, keeping the order; gives how many those are. */
function keepAccepted<V>(
  nodes: readonly RingNode<V>[],
  filter: PickOptions<V>['filter'],
  list: Int32Array,
  count: number,
): number {
  if (filter === undefined) return count;
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const index = list[i] as number;
    if (filter(nodes[index] as RingNode<V>)) list[kept++] = index;
  }
  return kept;
}

/** How many zones can be reached. */
export function countZones(nodes: readonly RingNode[]): number {
  return new Set(nodes.filter(node => node.weight > 0).map(node => node.zone)).size;
}

/**
 * Moves the first node of each zone to the front, keeping the order within both parts; stops at `n` zones.
 *
 * @returns How many zones are at the front.
 */
function putZonesFirst<V>(nodes: readonly RingNode<V>[], list: Int32Array, count: number, n: number): number {
  let front = 0;
  for (let i = 0; i < count && front < n; i++) {
    const index = list[i] as number;
    const { zone } = nodes[index] as RingNode<V>;
    let seen = 0;
    while (seen < front && (nodes[list[seen] as number] as RingNode<V>).zone !== zone) seen++;
    if (seen < front) continue;
    list.copyWithin(front + 1, front, i);
    list[front++] = index;
  }
  return front;
}
