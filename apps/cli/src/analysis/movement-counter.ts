import type { Ring } from '@quorate/ring';
import type { Change } from './change.ts';

/** Compares the owners of keys before and after a change. */
export class MovementCounter {
  readonly change: Change;
  /** The ring afterwards. */
  readonly ring: Ring;
  /** For each index of the new ring, the index of the same node in the old one; -1 for a node that joined. */
  readonly #indexBefore: Int32Array;
  /** 1 for each index of the old ring whose node is still there with the same weight. */
  readonly #untouched: Uint8Array;
  /** Keys whose owner differs. */
  moved = 0;
  /** Of these, keys that went from one untouched node to another: no key had to. */
  unnecessary = 0;
  /** The same by requests. */
  movedRequests = 0;
  unnecessaryRequests = 0;

  constructor(before: Ring, after: Ring, change: Change) {
    this.change = change;
    this.ring = after;
    const indexBefore = new Map(before.nodes.map(node => [node.id, node.index]));
    const weightAfter = new Map(after.nodes.map(node => [node.id, node.weight]));
    this.#indexBefore = Int32Array.from(after.nodes, node => indexBefore.get(node.id) ?? -1);
    this.#untouched = Uint8Array.from(before.nodes, node =>
      weightAfter.get(node.id) === node.weight ? 1 : 0,
    );
  }

  /** Counts one request for a key whose owner before is at `from`; `isNew` if the key was not seen earlier. */
  count(key: Uint8Array, from: number, isNew: boolean): void {
    const to = this.#indexBefore[this.ring.index(key)] as number;
    if (to === from) return;
    // A node that joined has no index before, so it is not among the untouched either.
    const unnecessary = this.#untouched[to] === 1 && this.#untouched[from] === 1;
    this.movedRequests++;
    if (unnecessary) this.unnecessaryRequests++;
    if (!isNew) return;
    this.moved++;
    if (unnecessary) this.unnecessary++;
  }
}
