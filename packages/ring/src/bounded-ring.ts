import { invariant } from '@quorate/core';
import type { Key } from './key.ts';
import type { Members } from './members.ts';
import type { Placement } from './placement.ts';
import type { RingNode } from './ring-node.ts';

/** How a bounded ring spreads. */
export interface BoundedOptions {
  /** How far a node may be above its fair share, at least 1 and finite. 1.25 to 2 is usual; 1 is perfect balance. */
  readonly factor: number;
  /**
   * The bounded ring before this one, for a change of membership: its leases go on counting here, by id, and it gives
   * no more. Leases on nodes that left are forgotten.
   */
  readonly after?: BoundedRing | undefined;
}

/** One key's place on a node, until it is released. */
export interface Lease extends Disposable {
  readonly id: string;
  /** Position of the node in the ring that gave the lease. */
  readonly index: number;
  /** Gives the place back. A second call does nothing. */
  release(): void;
}

/** Takes one lease off a ring's count; only leases may. */
let uncount: (ring: BoundedRing) => void;

/**
 * Consistent hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam 2016), with leases in place of balls.
 *
 * With `m` leases, the one asked for included, a node of weight `w` in a ring of weight `W` holds at most
 * `ceil(factor × m × w / W)`. A key goes to the first node of its preference list below that bound, which is its owner
 * as long as nobody is overloaded. Leases that are out when the bound sinks stay where they are.
 *
 * There always is such a node: the bounds add up to `factor × m` at least, so to `m` or more, while only `m - 1` leases
 * are out. Counts are those of this object: other threads and processes do not see them.
 */
export class BoundedRing {
  readonly factor: number;
  readonly #members: Members;
  readonly #placement: Placement;
  #loads: readonly Load[];
  #leases = 0;
  #list: Int32Array = new Int32Array(8);

  /** Made by `Ring.bounded`. @throws RangeError on a factor below 1 or infinite. */
  constructor(members: Members, placement: Placement, options: BoundedOptions) {
    const { factor, after } = options;
    if (!(factor >= 1 && factor < Infinity)) {
      throw new RangeError(`Factor must be a finite number of at least 1: received ${factor}`);
    }
    this.factor = factor;
    this.#members = members;
    this.#placement = placement;
    const before = after === undefined ? new Map<string, Load>() : after.#handOver();
    this.#loads = members.nodes.map(({ id }) => {
      const load = before.get(id) ?? { leases: 0, ring: undefined };
      load.ring = this;
      this.#leases += load.leases;
      return load;
    });
  }

  /** Leases that are out. */
  get leases(): number {
    return this.#leases;
  }

  /** Leases on a node. @throws RangeError on an unknown id. */
  load(id: string): number {
    const index = this.#members.indexOf(id);
    if (index < 0) throw new RangeError(`Node "${id}" is not in the ring`);
    return this.#loads[index]?.leases ?? 0;
  }

  /**
   * Takes a place for a key. It costs a lookup while the owner has room, a walk along the preference list otherwise.
   *
   * @throws RangeError where no node has a weight above 0.
   * @throws TypeError once another bounded ring took over.
   */
  acquire(key: Key): Lease {
    const { nodes, totalWeight } = this.#members;
    if (totalWeight === 0)
      throw new RangeError(`No node of ${nodes.length} has a weight above 0, so none gives a lease`);
    if (this.#loads.length === 0) throw new TypeError('Bounded ring gives no leases: another one took over');
    const index = this.#firstBelowBound(key, this.factor * (this.#leases + 1));
    const load = this.#loads[index] as Load;
    load.leases++;
    this.#leases++;
    return new HeldLease(nodes[index] as RingNode, load);
  }

  #firstBelowBound(key: Key, allowed: number): number {
    const owner = this.#placement.index(key);
    if (this.#hasRoom(owner, allowed)) return owner;
    const { length } = this.#loads;
    for (let seen = 1, count = 8; ; seen = count, count *= 2) {
      if (this.#list.length < count) this.#list = new Int32Array(count);
      const found = this.#placement.preference(key, Math.min(count, length), this.#list);
      for (let i = seen; i < found; i++) {
        const index = this.#list[i] as number;
        if (this.#hasRoom(index, allowed)) return index;
      }
      invariant(count < length, 'The bounds of all nodes add up to more than the leases that are out');
    }
  }

  #hasRoom(index: number, allowed: number): boolean {
    const { nodes, totalWeight } = this.#members;
    const { weight } = nodes[index] as RingNode;
    // Multiplied first: dividing first would round, and pass a bound that is a whole number.
    return (this.#loads[index] as Load).leases < Math.ceil((allowed * weight) / totalWeight);
  }

  /** Ends this ring's leasing; leases that are out no longer count here. */
  #handOver(): Map<string, Load> {
    const loads = new Map(this.#members.nodes.map(({ id, index }) => [id, this.#loads[index] as Load]));
    for (const load of this.#loads) load.ring = undefined;
    this.#loads = [];
    this.#leases = 0;
    return loads;
  }

  static {
    uncount = ring => {
      ring.#leases--;
    };
  }
}

/** Leases on one node, and the ring that counts them, if any still does. */
interface Load {
  leases: number;
  ring: BoundedRing | undefined;
}

class HeldLease implements Lease {
  readonly id: string;
  readonly index: number;
  #load: Load | undefined;

  constructor(node: RingNode, load: Load) {
    this.id = node.id;
    this.index = node.index;
    this.#load = load;
  }

  release(): void {
    const load = this.#load;
    if (load === undefined) return;
    this.#load = undefined;
    load.leases--;
    if (load.ring !== undefined) uncount(load.ring);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
