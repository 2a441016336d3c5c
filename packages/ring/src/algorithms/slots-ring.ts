import type { Key } from '../key.ts';
import type { Members } from '../members.ts';
import type { Algorithm, Arcs, Placement, Settings, Table } from '../placement.ts';
import { distinctOwners } from '../points/distinct-owners.ts';
import { redisSlot, SLOT_COUNT } from './hash/crc16-slot.ts';
import { appendIdle, idleNodes } from './idle-nodes.ts';
import { type SlotRanges, slotRanges } from './slot-ranges.ts';
import {
  checkedRanges,
  contiguousSlots,
  movedSlots,
  type SlotRange,
  slotsOfRanges,
} from './slot-assignment.ts';

/** Options of the algorithm `slots`. */
export interface SlotsOptions {
  readonly algorithm: 'slots';
  /** Which node serves which slots, each slot once. Default: contiguous ranges by weight, in the order of the nodes. */
  readonly slots?: readonly SlotRange[] | undefined;
}

const SPACE = { name: 'redis slot', start: 0, end: SLOT_COUNT };

/**
 * Redis Cluster: CRC16 of the key or its hash tag gives one of 16,384 slots, and a table says who serves the slot.
 *
 * The table is state, not a function of the members: after `with` it depends on what it was before. It travels in
 * snapshots; processes that build rings on their own must be given the same `slots`.
 */
export class SlotsRing implements Placement {
  /** Index of the node of each slot; empty where no node has weight. */
  readonly slots: Uint16Array;
  readonly #ranges: SlotRanges;
  readonly #nodeCount: number;
  readonly #idle: Int32Array;

  /** The last parameter is for `restore`. */
  constructor(slots: Uint16Array, members: Members, ranges: SlotRanges = slotRanges(slots)) {
    this.slots = slots;
    this.#ranges = ranges;
    this.#nodeCount = members.nodes.length;
    this.#idle = idleNodes(members, ranges.owners);
  }

  index(key: Key): number {
    return this.slots[redisSlot(key)] as number;
  }

  /** The key's slot. */
  hash(key: Key): number {
    return redisSlot(key);
  }

  indexOfHash(hash: number | bigint): number {
    if (typeof hash !== 'number' || !Number.isInteger(hash) || hash < 0 || hash >= SLOT_COUNT) {
      throw new RangeError(`Slot must be an integer from 0 to ${SLOT_COUNT - 1}: received ${hash}`);
    }
    return this.slots[hash] as number;
  }

  /** The owners of the slots from the key's on, wrapping. Redis itself assigns replicas to nodes, not to slots. */
  preference(key: Key, count: number, into: Int32Array): number {
    return this.#preference(this.#ranges.bySlot[redisSlot(key)] as number, count, into);
  }

  /** Goes from range to range: neighbours in one would all name the same node. */
  #preference(range: number, count: number, into: Int32Array): number {
    const found = distinctOwners(this.#ranges.owners, range, count, into, this.#nodeCount);
    return appendIdle(found, count, into, this.#idle);
  }

  /** One arc for each range. */
  arcs(width: number): Arcs {
    const { starts } = this.#ranges;
    if (starts.length === 0)
      return { space: SPACE, starts: [0], width, owners: new Int32Array(width).fill(-1) };
    const owners = new Int32Array(starts.length * width).fill(-1);
    for (let range = 0; range < starts.length; range++) {
      this.#preference(range, width, owners.subarray(range * width, (range + 1) * width));
    }
    return { space: SPACE, starts, width, owners };
  }

  tables(): readonly Table[] {
    const { starts, owners, bySlot } = this.#ranges;
    return [this.slots, starts, owners, bySlot];
  }
}

/** The algorithm `slots`. */
export const slots: Algorithm<SlotsOptions, SlotsRing> & { readonly name: 'slots' } = {
  name: 'slots',
  historyFree: false,
  order: 'as-given',

  settings({ slots: ranges }): Settings {
    return ranges === undefined ? {} : { ranges: JSON.stringify(checkedRanges(ranges)) };
  },

  place(members, settings) {
    checkCount(members);
    const ranges = settings['ranges'];
    const assigned =
      typeof ranges === 'string' && members.totalWeight > 0
        ? slotsOfRanges(members, JSON.parse(ranges) as SlotRange[])
        : contiguousSlots(members);
    return new SlotsRing(assigned, members);
  },

  replace(previous, from, to) {
    checkCount(to);
    const wasServed = previous.slots.length > 0 && to.totalWeight > 0;
    return new SlotsRing(wasServed ? movedSlots(previous.slots, from, to) : contiguousSlots(to), to);
  },

  restore(members: Members, _settings: Settings, tables: readonly Table[]): SlotsRing {
    const [owned, starts, owners, bySlot] = tables as [Uint16Array, Uint16Array, Uint16Array, Uint16Array];
    return new SlotsRing(owned, members, { starts, owners, bySlot });
  },
};

/** @throws RangeError where there are more nodes than slots. */
function checkCount(members: Members): void {
  const count = members.nodes.length;
  if (count > SLOT_COUNT)
    throw new RangeError(`Nodes must be at most ${SLOT_COUNT}, one for each slot: received ${count}`);
}
