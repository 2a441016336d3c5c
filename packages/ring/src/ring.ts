import {
  type AlgorithmName,
  algorithmOf,
  type BigintHashOptions,
  type MembersOptions,
  type NumberHashOptions,
  type RingOptions,
} from './algorithms.ts';
import type { Key } from './key.ts';
import { Members, type RingChange } from './members.ts';
import { countZones, pickChosen, type PickOptions, pickPlain } from './pick.ts';
import type { Algorithm, Placement, Settings } from './placement.ts';
import type { RingNode } from './ring-node.ts';
import { draftSnapshot, readSnapshot, type RingSnapshot } from './snapshot.ts';

/**
 * An immutable map from keys to nodes. `H` is what `hash` gives: a number, or a bigint for 64-bit algorithms.
 */
export class Ring<V = unknown, H extends number | bigint = number | bigint> {
  readonly #algorithm: Algorithm<object>;
  readonly #settings: Settings;
  readonly #members: Members<V>;
  readonly #ids: readonly string[];
  readonly #empty: boolean;
  #placement: Placement;
  #zoneCount = -1;

  private constructor(
    algorithm: Algorithm<object>,
    settings: Settings,
    members: Members<V>,
    placement: Placement,
  ) {
    this.#algorithm = algorithm;
    this.#settings = settings;
    this.#members = members;
    this.#ids = members.nodes.map(node => node.id);
    this.#empty = members.totalWeight === 0;
    this.#placement = placement;
  }

  static build<V = unknown>(options: MembersOptions<V> & NumberHashOptions): Ring<V, number>;
  static build<V = unknown>(options: MembersOptions<V> & BigintHashOptions): Ring<V, bigint>;
  static build<V = unknown>(options: RingOptions<V>): Ring<V>;
  static build<V>(options: RingOptions<V>): Ring<V> {
    const algorithm = algorithmOf(options.algorithm ?? 'ring');
    const settings = algorithm.settings(options);
    const members = Members.of(options.nodes, algorithm.order);
    return new Ring(algorithm, settings, members, algorithm.place(members, settings));
  }

  static attach(snapshot: RingSnapshot): Ring {
    const { algorithm: name, settings, nodes, tables } = readSnapshot(snapshot);
    const algorithm = algorithmOf(name);
    const members = Members.of(nodes, algorithm.order);
    return new Ring(algorithm, settings, members, algorithm.restore(members, settings, tables));
  }

  get algorithm(): AlgorithmName {
    return this.#algorithm.name as AlgorithmName;
  }

  get historyFree(): boolean {
    return this.#algorithm.historyFree;
  }

  get nodes(): readonly RingNode<V>[] {
    return this.#members.nodes;
  }

  get nodeCount(): number {
    return this.#ids.length;
  }

  get(key: Key): string {
    if (this.#empty) throw nobodyOwns(this.#ids.length);
    return this.#ids[this.#placement.index(key)] as string;
  }

  node(key: Key): RingNode<V> {
    return this.nodes[this.index(key)] as RingNode<V>;
  }

  index(key: Key): number {
    if (this.#empty) throw nobodyOwns(this.#ids.length);
    return this.#placement.index(key);
  }

  hash(key: Key): H {
    return this.#placement.hash(key) as H;
  }

  indexOfHash(hash: H): number {
    if (this.#empty) throw nobodyOwns(this.#ids.length);
    return this.#placement.indexOfHash(hash);
  }

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

  with(change: RingChange<V>): Ring<V, H> {
    const members = this.#members.with(change);
    const algorithm = this.#algorithm;
    const placement =
      algorithm.replace === undefined
        ? algorithm.place(members, this.#settings)
        : algorithm.replace(this.#placement, this.#members, members, this.#settings);
    return new Ring<V, H>(algorithm, this.#settings, members, placement);
  }

  share(): RingSnapshot {
    const header = { algorithm: this.algorithm, settings: this.#settings, nodes: this.nodes };
    const draft = draftSnapshot(header, this.#placement.tables());
    const buffer = new SharedArrayBuffer(draft.bytes);
    draft.write(new Uint8Array(buffer));
    return { buffer };
  }
}

function nobodyOwns(nodeCount: number): RangeError {
  return new RangeError(
    `Ring has no node with a weight above 0 among its ${nodeCount}, so no key has an owner`,
  );
}
