/** A node as a caller describes it; a bare string stands for `{ id }`. */
export interface NodeSpec<V = unknown> {
  /** Non-empty, well-formed Unicode, unique in the ring. It alone decides where the node's points lie. */
  readonly id: string;
  /** Share of the keys relative to the other nodes: finite, at least 0, default 1. A node of weight 0 owns nothing. */
  readonly weight?: number | undefined;
  /** What fails together: a rack, a zone, a region. Nodes without one count as one zone. */
  readonly zone?: string | undefined;
  /** Anything the caller wants back with the node. It stays in this thread: snapshots do not carry it. */
  readonly value?: V | undefined;
}

/** A node of a ring. Frozen. */
export interface RingNode<V = unknown> {
  readonly id: string;
  readonly weight: number;
  readonly zone: string | undefined;
  readonly value: V | undefined;
  /** Position in `ring.nodes`. It belongs to this ring: the same node may have another index in the next one. */
  readonly index: number;
}
