import type { NodeSpec, RingNode } from './ring-node.ts';

/**
 * How a ring orders its members. `by-id` sorts by UTF-16 code units, so that the order of insertion cannot matter;
 * `as-given` keeps it, for the algorithms in which the position of a node is its bucket.
 */
export type MemberOrder = 'by-id' | 'as-given';

/** A change of membership. Removals are applied first, then weights, then additions. */
export interface RingChange<V = unknown> {
  readonly add?: readonly (string | NodeSpec<V>)[] | undefined;
  readonly remove?: readonly string[] | undefined;
  readonly weight?: Readonly<Record<string, number>> | undefined;
}

/** The members of a ring: validated, ordered, frozen. */
export class Members<V = unknown> {
  readonly order: MemberOrder;
  readonly nodes: readonly RingNode<V>[];
  /** Sum of all weights; 0 where nobody can own a key. */
  readonly totalWeight: number;
  #indexById: Map<string, number> | undefined;

  private constructor(order: MemberOrder, nodes: readonly RingNode<V>[]) {
    this.order = order;
    this.nodes = Object.freeze(nodes);
    this.totalWeight = nodes.reduce((sum, node) => sum + node.weight, 0);
    // Shares of an infinite sum would all be 0.
    if (this.totalWeight === Infinity)
      throw new RangeError('Sum of all weights must be finite: received Infinity');
  }

  /**
   * Checks and orders a list of nodes.
   *
   * @throws TypeError on an id that is no well-formed, non-empty string, or a weight that is no number.
   * @throws RangeError on a duplicate id, a weight that is negative, infinite or NaN, or weights with an infinite sum.
   */
  static of<V>(specs: Iterable<string | NodeSpec<V>>, order: MemberOrder): Members<V> {
    const byId = new Map<string, NodeSpec<V>>();
    for (const given of specs) {
      const spec = checkedSpec(given);
      if (byId.has(spec.id)) throw new RangeError(`Node "${spec.id}" is given twice`);
      byId.set(spec.id, spec);
    }
    return Members.#ordered(byId, order);
  }

  /**
   * The members after a change.
   *
   * @throws RangeError on an unknown id in `remove` or `weight`, or an id in `add` that is there already.
   */
  with(change: RingChange<V>): Members<V> {
    const byId = new Map<string, NodeSpec<V>>(this.nodes.map(node => [node.id, node]));
    // Taken out at the end, so that one who is added again keeps its position.
    const gone = new Set<string>();
    for (const id of change.remove ?? []) {
      if (!byId.has(id) || gone.has(id))
        throw new RangeError(`Node "${id}" cannot be removed: it is not in the ring`);
      gone.add(id);
    }
    for (const [id, weight] of Object.entries(change.weight ?? {})) {
      const spec = byId.get(id);
      if (spec === undefined || gone.has(id))
        throw new RangeError(`Weight of node "${id}" cannot be set: it is not in the ring`);
      byId.set(id, { ...spec, weight: checkedWeight(id, weight) });
    }
    for (const given of change.add ?? []) {
      const spec = checkedSpec(given);
      if (byId.has(spec.id) && !gone.delete(spec.id))
        throw new RangeError(`Node "${spec.id}" cannot be added: it is in the ring already`);
      byId.set(spec.id, spec);
    }
    for (const id of gone) byId.delete(id);
    return Members.#ordered(byId, this.order);
  }

  /** The index of a node, -1 where there is none of that id. */
  indexOf(id: string): number {
    this.#indexById ??= new Map(this.nodes.map(node => [node.id, node.index]));
    return this.#indexById.get(id) ?? -1;
  }

  static #ordered<V>(byId: Map<string, NodeSpec<V>>, order: MemberOrder): Members<V> {
    const specs = [...byId.values()];
    if (order === 'by-id') specs.sort((a, b) => (a.id < b.id ? -1 : 1));
    const nodes = specs.map(({ id, weight = 1, zone, value }, index): RingNode<V> => {
      return Object.freeze({ id, weight, zone, value, index });
    });
    return new Members(order, nodes);
  }
}

const LONE_SURROGATE = /\p{Surrogate}/u;

function checkedSpec<V>(given: string | NodeSpec<V>): NodeSpec<V> {
  const spec: NodeSpec<V> = typeof given === 'string' ? { id: given } : given;
  const id: unknown = spec?.id;
  if (typeof id !== 'string') throw new TypeError(`Node id must be a string: received ${typeof id}`);
  if (id === '') throw new TypeError('Node id must not be empty: received ""');
  // Two such ids could have the same bytes, and then the same points.
  if (LONE_SURROGATE.test(id))
    throw new TypeError(`Node id must be well-formed Unicode: received ${JSON.stringify(id)}`);
  const zone: unknown = spec.zone;
  if (zone !== undefined && typeof zone !== 'string') {
    throw new TypeError(`Zone of node "${id}" must be a string: received ${typeof zone}`);
  }
  return { ...spec, weight: checkedWeight(id, spec.weight === undefined ? 1 : spec.weight) };
}

function checkedWeight(id: string, weight: unknown): number {
  if (typeof weight !== 'number') {
    throw new TypeError(`Weight of node "${id}" must be a number: received ${typeof weight}`);
  }
  if (!(weight >= 0 && weight < Infinity)) {
    throw new RangeError(`Weight of node "${id}" must be a finite number of at least 0: received ${weight}`);
  }
  return weight + 0; // -0 becomes 0
}
