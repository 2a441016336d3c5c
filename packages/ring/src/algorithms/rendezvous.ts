import type { Members } from '../members.ts';
import { exponential } from './exponential.ts';
import { hash64 } from './hash/uint64.ts';
import { xxh64OfKey } from './hash/xxh64.ts';

/** Weights between which costs keep their precision. */
const WEIGHT_MIN = 1e-200;
const WEIGHT_MAX = 1e200;

/** Costs and hashes of the list being made, best first. */
let costs = new Float64Array(64);

/**
 * Weighted rendezvous hashing, or highest random weight (Thaler & Ravishankar 1998; with weights Schindelhauer &
 * Schomaker 2005, and Resch, "New Hashing Algorithms for Data Storage", SDC 2015).
 *
 * Key and node together give a uniform u; the node's cost is −ln(u) / weight and the least cost owns the key. A cost depends
 * on that key, that node and that node's weight, on nothing else; so whatever changes, keys move only from or to the nodes
 * that were changed. Never an unnecessary move, with any weights.
 *
 * Nodes lie in groups of equal weight. Within a group the greatest hash has the least cost, so a lookup takes no more than
 * one logarithm for each distinct weight, and none where 1 − u, which is less than −ln(u), already costs too much.
 */
export class Rendezvous {
  /** Node indexes by falling weight, then by index. Equal costs go to the earlier one. */
  readonly #nodes: Int32Array;
  /** For each of those, 64 bits of hash of its id. */
  readonly #first: Int32Array;
  readonly #second: Int32Array;
  /** Where each group ends, and 1 / weight in it. */
  readonly #ends: Int32Array;
  readonly #rates: Float64Array;

  /** @throws RangeError on a weight outside of 1e-200 to 1e200 that is not 0. */
  constructor(members: Members) {
    const nodes = members.nodes.filter(node => node.weight > 0);
    for (const { id, weight } of nodes) {
      if (weight < WEIGHT_MIN || weight > WEIGHT_MAX) {
        throw new RangeError(
          `Weight of node "${id}" must be 0 or from 1e-200 to 1e200 with algorithm "rendezvous": received ${weight}`,
        );
      }
    }
    nodes.sort((a, b) => b.weight - a.weight || a.index - b.index);
    this.#nodes = Int32Array.from(nodes, node => node.index);
    this.#first = new Int32Array(nodes.length);
    this.#second = new Int32Array(nodes.length);
    const pair = hash64();
    nodes.forEach((node, i) => {
      xxh64OfKey(node.id, 0, pair);
      this.#first[i] = pair[0] as number;
      this.#second[i] = pair[1] as number;
    });
    const ends = nodes.flatMap((node, i) => (node.weight === nodes[i + 1]?.weight ? [] : [i + 1]));
    this.#ends = Int32Array.from(ends);
    this.#rates = Float64Array.from(ends, end => 1 / (nodes[end - 1]?.weight as number));
  }

  /** Index of the owner of a 32-bit hash. O(nodes), no allocation. */
  owner(hash: number): number {
    const first = this.#first;
    const second = this.#second;
    const groups = this.#ends.length;
    let owner = 0;
    let least = Infinity;
    let i = 0;
    for (let group = 0; group < groups; group++) {
      const end = this.#ends[group] as number;
      let best = i;
      let greatest = -0x80000000;
      for (; i < end; i++) {
        const mixed = mix(hash, first[i] as number, second[i] as number);
        if (mixed > greatest) {
          greatest = mixed;
          best = i;
        }
      }
      if (groups === 1) return this.#nodes[best] as number;
      const rate = this.#rates[group] as number;
      if (atLeast(greatest) * rate >= least) continue;
      const cost = exponential(greatest) * rate;
      if (cost < least) {
        least = cost;
        owner = best;
      }
    }
    return this.#nodes[owner] as number;
  }

  /** The `count` least costs' nodes, least first; gives how many there are. O(nodes + count²) for most keys. */
  preference(hash: number, count: number, into: Int32Array): number {
    const wanted = Math.min(count, this.#nodes.length);
    if (wanted === 0) return 0;
    if (costs.length < wanted) costs = new Float64Array(wanted);
    if (this.#ends.length === 1) return this.#greatest(hash, wanted, into);
    let found = 0;
    let i = 0;
    for (let group = 0; group < this.#ends.length; group++) {
      const end = this.#ends[group] as number;
      const rate = this.#rates[group] as number;
      let limit = found < wanted ? -0x80000000 : limitOf(costs[wanted - 1] as number, rate);
      for (; i < end; i++) {
        const mixed = mix(hash, this.#first[i] as number, this.#second[i] as number);
        if (mixed < limit) continue;
        const cost = exponential(mixed) * rate;
        if (found < wanted) found++;
        else if (cost >= (costs[wanted - 1] as number)) continue;
        insert(into, found, this.#nodes[i] as number, cost);
        if (found === wanted) limit = limitOf(costs[wanted - 1] as number, rate);
      }
    }
    return found;
  }

  /** The same for nodes of one weight: no logarithms, the cost falls with the hash. */
  #greatest(hash: number, wanted: number, into: Int32Array): number {
    const first = this.#first;
    const second = this.#second;
    let found = 0;
    let limit = -0x80000000;
    for (let i = 0; i < first.length; i++) {
      const mixed = mix(hash, first[i] as number, second[i] as number);
      if (mixed <= limit && found === wanted) continue;
      if (found < wanted) found++;
      insert(into, found, this.#nodes[i] as number, -mixed);
      if (found === wanted) limit = -(costs[wanted - 1] as number);
    }
    return found;
  }
}

/** Puts a node where its cost belongs among the first `found`, behind equal costs; the last of them falls out. */
function insert(into: Int32Array, found: number, node: number, cost: number): void {
  let at = found - 1;
  while (at > 0 && (costs[at - 1] as number) > cost) {
    costs[at] = costs[at - 1] as number;
    into[at] = into[at - 1] as number;
    at--;
  }
  costs[at] = cost;
  into[at] = node;
}

/** A hash below this costs more than `worst`, because 1 − u alone does; found once, so that most nodes cost a comparison. */
function limitOf(worst: number, rate: number): number {
  return Math.max(-0x80000000, Math.floor(2147483647.5 - (worst / rate) * 2 ** 32) - 1) | 0;
}

/** 1 − u, which −ln(u) exceeds: what a hash costs at least. */
function atLeast(mixed: number): number {
  return (2147483647.5 - mixed) * 2 ** -32;
}

/**
 * The hash of key and node: MurmurHash3's finaliser, with the node's 64 bits entering before each half of it. One to one in
 * the key's hash. Nodes are alike only if all 64 bits of their ids' hashes are.
 */
function mix(hash: number, first: number, second: number): number {
  let h = hash ^ first;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b) ^ second;
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
