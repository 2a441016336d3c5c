import type { Ring } from '@quorate/ring';

/** Counts the copies on each node, and the zones of each list, when every key has several owners. */
export class PreferenceLists {
  /** `'zone'` where lists take as many zones as they can, else the ring's own order. */
  readonly spread: 'zone' | undefined;
  readonly #ring: Ring;
  readonly #replicas: number;
  readonly #positions: ReadonlyMap<string, number>;
  /** For each node the number of its zone; nodes without one share a number, as they do in `pick`. */
  readonly #zoneNumbers: Int32Array;
  readonly #owners: string[] = [];
  /** The list in which a zone was met last, so that the zones of a list can be told without a set. */
  readonly #metIn: Float64Array;
  #lists = 0;
  /** Copies by index in `ring.nodes`. */
  readonly copies: Float64Array;
  /** How many lists have their owners in exactly that many zones, by number of zones. */
  readonly zones: Float64Array;

  constructor(ring: Ring, replicas: number, spread: 'zone' | undefined) {
    this.spread = spread;
    this.#ring = ring;
    this.#replicas = replicas;
    this.#positions = new Map(ring.nodes.map(node => [node.id, node.index]));
    const zones = [...new Set(ring.nodes.map(node => node.zone))];
    this.#zoneNumbers = Int32Array.from(ring.nodes, node => zones.indexOf(node.zone));
    this.#metIn = new Float64Array(zones.length);
    this.copies = new Float64Array(ring.nodeCount);
    this.zones = new Float64Array(replicas + 1);
  }

  /** Counts the owners of one key. */
  count(key: Uint8Array): void {
    this.#lists++;
    this.#ring.pick(key, { n: this.#replicas, spread: this.spread, out: this.#owners });
    let distinct = 0;
    for (const id of this.#owners) {
      const index = this.#positions.get(id) as number;
      this.copies[index] = (this.copies[index] as number) + 1;
      const zone = this.#zoneNumbers[index] as number;
      if (this.#metIn[zone] === this.#lists) continue;
      this.#metIn[zone] = this.#lists;
      distinct++;
    }
    this.zones[distinct] = (this.zones[distinct] as number) + 1;
  }
}
