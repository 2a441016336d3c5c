import {
  type AlgorithmName,
  algorithmOf,
  type BigintHashOptions,
  type MembersOptions,
  type NumberHashOptions,
  type RingOptions,
} from './algorithms.ts';
import { arcShares } from './arcs.ts';
import { type BoundedOptions, BoundedRing } from './bounded-ring.ts';
import { type DiffOptions, diffRings, type RingDiff } from './diff.ts';
import type { Key } from './key.ts';
import { Members, type RingChange } from './members.ts';
import { countZones, pickChosen, type PickOptions, pickPlain } from './pick.ts';
import type { Algorithm, Placement, Settings } from './placement.ts';
import type { RingNode } from './ring-node.ts';
import { sampledShares } from './sampled-shares.ts';
import { sharedMemory } from './shared-memory.ts';
import { draftSnapshot, readSnapshot, type RingSnapshot, type SnapshotDraft } from './snapshot.ts';

/**
 * An immutable map from keys to nodes.
 *
 * It is a value: a change of membership makes another ring, two rings can be compared, and a ring can be read by any
 * number of threads. Every algorithm is behind this one class; what differs is in its `Placement`.
 *
 * `V` is what the caller keeps with each node, `H` what `hash` gives: a number, or a bigint for 64-bit algorithms.
 */
export class Ring<V = unknown, H extends number | bigint = number | bigint> {
  readonly #algorithm: Algorithm<object>;
  readonly #settings: Settings;
  readonly #members: Members<V>;
  readonly #ids: readonly string[];
  readonly #empty: boolean;
  #placement: Placement;
  #zoneCount = -1;
  #snapshot: RingSnapshot | undefined;

  private constructor(
    algorithm: Algorithm<object>,
    settings: Settings,
    members: Members<V>,
    placement: Placement,
    snapshot?: RingSnapshot,
  ) {
    this.#algorithm = algorithm;
    this.#settings = settings;
    this.#members = members;
    this.#ids = members.nodes.map(node => node.id);
    this.#empty = members.totalWeight === 0;
    this.#placement = placement;
    this.#snapshot = snapshot;
  }

  /**
   * Builds a ring. Without `algorithm` it is `'ring'`: 160 points a node over XXH32.
   *
   * An empty list, or one that weighs nothing, is allowed: lookups then throw until `with` adds somebody.
   *
   * @throws TypeError on ids that are empty or no well-formed strings, or weights that are no numbers.
   * @throws RangeError on duplicate ids, weights that are negative, infinite or NaN, options out of range, and more
   *   nodes or points than the algorithm's tables hold. The message names the value and the limit.
   */
  static build<V = unknown>(options: MembersOptions<V> & NumberHashOptions): Ring<V, number>;
  static build<V = unknown>(options: MembersOptions<V> & BigintHashOptions): Ring<V, bigint>;
  static build<V = unknown>(options: RingOptions<V>): Ring<V>;
  static build<V>(options: RingOptions<V>): Ring<V> {
    const algorithm = algorithmOf(options.algorithm ?? 'ring');
    const settings = algorithm.settings(options);
    const members = Members.of(options.nodes, algorithm.order);
    return new Ring(algorithm, settings, members, algorithm.place(members, settings));
  }

  /**
   * Opens a ring that another thread shared. Its tables are the shared ones, not copies; its nodes have no values.
   *
   * Tables are taken as they are: whoever may write to the memory decides where keys go.
   *
   * @throws TypeError on memory that holds no snapshot, or one cut short or damaged outside of its tables.
   */
  static attach(snapshot: RingSnapshot): Ring {
    const { algorithm: name, settings, nodes, tables } = readSnapshot(snapshot);
    const algorithm = algorithmOf(name);
    const members = Members.of(nodes, algorithm.order);
    return new Ring(
      algorithm,
      settings,
      members,
      algorithm.restore(members, settings, tables),
      sharedOnly(snapshot),
    );
  }

  get algorithm(): AlgorithmName {
    return this.#algorithm.name as AlgorithmName;
  }

  /** Whether the map depends on nothing but the set of members: not on their order, not on earlier rings. */
  get historyFree(): boolean {
    return this.#algorithm.historyFree;
  }

  /** The members; sorted by id, unless the algorithm gives positions a meaning. */
  get nodes(): readonly RingNode<V>[] {
    return this.#members.nodes;
  }

  get nodeCount(): number {
    return this.#ids.length;
  }

  /** Bytes of the lookup tables. Nodes, their ids and values come on top. */
  get memoryBytes(): number {
    return this.#placement.tables().reduce((sum, table) => sum + table.byteLength, 0);
  }

  /**
   * The id of the key's owner. No allocation.
   *
   * @throws RangeError where no node has a weight above 0.
   * @throws TypeError on a key that is neither text nor bytes.
   */
  get(key: Key): string {
    if (this.#empty) throw nobodyOwns(this.#ids.length);
    return this.#ids[this.#placement.index(key)] as string;
  }

  /** The key's owner. @throws As `get`. */
  node(key: Key): RingNode<V> {
    return this.nodes[this.index(key)] as RingNode<V>;
  }

  /** Position of the key's owner in `nodes`. @throws As `get`. */
  index(key: Key): number {
    if (this.#empty) throw nobodyOwns(this.#ids.length);
    return this.#placement.index(key);
  }

  /** The key's place in the algorithm's hash space. @throws TypeError on a key that is neither text nor bytes. */
  hash(key: Key): H {
    return this.#placement.hash(key) as H;
  }

  /** `index`, from a hash: `ring.index(key) === ring.indexOfHash(ring.hash(key))`. @throws RangeError outside of the space. */
  indexOfHash(hash: H): number {
    if (this.#empty) throw nobodyOwns(this.#ids.length);
    return this.#placement.indexOfHash(hash);
  }

  /**
   * The ids of `n` distinct owners, in an order that stays as long as the members do: `get(key)` first, then whom the
   * key would fall to. Nodes of weight 0 are never among them, so where those and a filter leave fewer than `n`, it
   * gives fewer. With `out` no allocation.
   *
   * @throws RangeError unless `n` is an integer from 0 to the number of nodes, or on another `spread`.
   */
  pick(key: Key, options: PickOptions<V>): string[] {
    const { n, spread, filter, out = [] } = options;
    if (!(n >= 0 && n <= this.#ids.length && Number.isInteger(n))) {
      throw new RangeError(
        `n must be an integer from 0 to the ${this.#ids.length} nodes of the ring: received ${n}`,
      );
    }
    if (this.#empty || n === 0) {
      out.length = 0;
      return out;
    }
    if (spread === undefined && filter === undefined)
      return pickPlain(this.#placement, this.#ids, key, n, out);
    if (this.#zoneCount < 0) this.#zoneCount = countZones(this.nodes);
    return pickChosen(this.#placement, this.nodes, key, options, out, this.#zoneCount);
  }

  /**
   * The ring after a change. Removals are applied first, then weights, then additions, so a node can be replaced by
   * removing and adding its id at once; it keeps its position where those have a meaning. This ring stays as it is.
   *
   * The result is the ring that `build` makes of the same members, except with `slots`, whose table is state and is
   * changed no more than it must. Algorithm `ring` merges the points that change into
   * those it has: linear, without sorting or hashing what stays.
   *
   * @throws RangeError on an unknown id in `remove` or `weight`, or a known one in `add`, and as `build`.
   */
  with(change: RingChange<V>): Ring<V, H> {
    const members = this.#members.with(change);
    const algorithm = this.#algorithm;
    const placement =
      algorithm.replace === undefined
        ? algorithm.place(members, this.#settings)
        : algorithm.replace(this.#placement, this.#members, members, this.#settings);
    return new Ring<V, H>(algorithm, this.#settings, members, placement);
  }

  /**
   * What moves when `next` takes this ring's place: the plan of ranges, from whom and to whom, and how much that is
   * beside what it has to be.
   *
   * Linear in the points of both rings where they are comparable range by range; otherwise it counts over `keys`, or
   * over a fixed sample of 65,536.
   *
   * @throws RangeError on `replicas` that is not an integer of at least 1.
   */
  diff(next: Ring<V> | Ring, options: DiffOptions = {}): RingDiff {
    const from = { members: this.#members, placement: this.#placement };
    return diffRings(from, { members: next.#members, placement: next.#placement }, options);
  }

  /**
   * Share of the keys by node index, adding up to 1 (to 0 where nobody owns anything). Exact where the algorithm has
   * ranges or knows its shares, estimated over a fixed sample of keys elsewhere.
   */
  shares(): Float64Array {
    if (this.#empty) return new Float64Array(this.nodeCount);
    const arcs = this.#placement.arcs(1);
    if (arcs !== undefined) return arcShares(arcs, this.nodeCount);
    return this.#placement.shares?.() ?? sampledShares(this.#placement, this.nodeCount);
  }

  /**
   * The ring in shared memory, to be posted to other threads and opened there by `Ring.attach`. The first call moves
   * this ring's tables there, so that nothing is held twice; later calls give the same snapshot.
   *
   * @throws QuorateError `UNSUPPORTED` where there is no shared memory.
   */
  share(): RingSnapshot {
    if (this.#snapshot !== undefined) return this.#snapshot;
    const draft = this.draft();
    const snapshot = { buffer: sharedMemory(draft.bytes) };
    draft.write(new Uint8Array(snapshot.buffer));
    this.#placement = this.#algorithm.restore(this.#members, this.#settings, readSnapshot(snapshot).tables);
    this.#snapshot = snapshot;
    return snapshot;
  }

  /** The ring as bytes for memory of the caller's own: `Ring.attach` opens what `write` wrote at the start of a buffer. */
  draft(): SnapshotDraft {
    const header = { algorithm: this.algorithm, settings: this.#settings, nodes: this.nodes };
    return draftSnapshot(header, this.#placement.tables());
  }

  /** Leases under a bound on every node's load. @throws RangeError on a factor below 1 or infinite. */
  bounded(options: BoundedOptions): BoundedRing {
    return new BoundedRing(this.#members, this.#placement, options);
  }
}

/** A snapshot that other threads could read as it is; memory that is not shared would be copied on its way to them. */
function sharedOnly(snapshot: RingSnapshot): RingSnapshot | undefined {
  const shared = typeof SharedArrayBuffer === 'function' && snapshot.buffer instanceof SharedArrayBuffer;
  return shared ? snapshot : undefined;
}

function nobodyOwns(nodeCount: number): RangeError {
  return new RangeError(
    `Ring has no node with a weight above 0 among its ${nodeCount}, so no key has an owner`,
  );
}
