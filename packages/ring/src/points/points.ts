/** Owners by index: two bytes each while that is enough, four beyond 65,536 nodes. */
export type Owners = Uint16Array | Uint32Array;

/** An array for owners. */
export function ownersArray(nodeCount: number, length: number): Owners {
  return nodeCount <= 0x10000 ? new Uint16Array(length) : new Uint32Array(length);
}

/** Points in order of position, equal ones in order of precedence. */
export interface Points {
  readonly positions: Uint32Array;
  readonly owners: Owners;
}
