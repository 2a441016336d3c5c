import type { Key } from '../key.ts';
import type { Members } from '../members.ts';
import type { Algorithm, Arcs, Placement, Settings, Table } from '../placement.ts';
import { distinctOwners } from '../points/distinct-owners.ts';
import { redisSlot, SLOT_COUNT } from './hash/crc16-slot.ts';
import { appendIdle, idleNodes } from './idle-nodes.ts';
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
  readonly #nodeCount: number;
  readonly #idle: Int32Array;

  constructor(slots: Uint16Array, members: Members) {
    this.slots = slots;
    this.#nodeCount = members.nodes.length;
    this.#idle = idleNodes(members, slots);
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
    const found = distinctOwners(this.slots, redisSlot(key), count, into, this.#nodeCount);
    return appendIdle(found, count, into, this.#idle);
  }

  arcs(width: number): Arcs {
    const starts = Uint16Array.from({ length: SLOT_COUNT }, (_, slot) => slot);
    const owners = new Int32Array(SLOT_COUNT * width).fill(-1);
    if (width === 1) {
      owners.set(this.slots);
      return { space: SPACE, starts, width, owners };
    }
    for (let slot = 0; slot < this.slots.length; slot++) {
      const into = owners.subarray(slot * width, (slot + 1) * width);
      const found = distinctOwners(this.slots, slot, width, into, this.#nodeCount);
      appendIdle(found, width, into, this.#idle);
    }
    return { space: SPACE, starts, width, owners };
  }

  tables(): readonly Table[] {
    return [this.slots];
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
    return new SlotsRing(tables[0] as Uint16Array, members);
  },
};

/** @throws RangeError where there are more nodes than slots. */
function checkCount(members: Members): void {
  const count = members.nodes.length;
  if (count > SLOT_COUNT)
    throw new RangeError(`Nodes must be at most ${SLOT_COUNT}, one for each slot: received ${count}`);
}
