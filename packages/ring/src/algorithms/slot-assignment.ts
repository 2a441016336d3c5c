/** Which node has which hash slot of a Redis Cluster, as node indexes: from nothing, from ranges, and after a change. */

import type { Members } from '../members.ts';
import { SLOT_COUNT } from './hash/crc16-slot.ts';

/** Slots of one node, both ends included, as `CLUSTER SLOTS` and `CLUSTER ADDSLOTSRANGE` have them. */
export interface SlotRange {
  readonly node: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Contiguous ranges in the order of the nodes, cut where the sum of the weights so far falls; with equal weights these are
 * the ranges that `redis-cli --cluster create` makes.
 */
export function contiguousSlots(members: Members): Uint16Array {
  const slots = new Uint16Array(members.totalWeight === 0 ? 0 : SLOT_COUNT);
  let sum = 0;
  let start = 0;
  for (const { weight, index } of members.nodes) {
    sum += weight;
    const end = Math.round((sum / members.totalWeight) * SLOT_COUNT);
    slots.fill(index, start, end);
    start = end;
  }
  return slots;
}

/** @throws RangeError unless each range is one: integers within the slots, the end not before the start. */
export function checkedRanges(ranges: readonly SlotRange[]): readonly SlotRange[] {
  for (const { node, start, end } of ranges) {
    if (Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end && end < SLOT_COUNT)
      continue;
    throw new RangeError(
      `Slots of node "${node}" must be within 0 to ${SLOT_COUNT - 1}: received ${start} to ${end}`,
    );
  }
  return ranges;
}

/**
 * The assignment that a list of ranges describes, which `checkedRanges` has passed.
 *
 * @throws RangeError where a range names an unknown node or one without weight, where two overlap, or where a slot is left.
 */
export function slotsOfRanges(members: Members, ranges: readonly SlotRange[]): Uint16Array {
  const slots = new Uint16Array(SLOT_COUNT);
  const given = new Uint8Array(SLOT_COUNT);
  for (const { node, start, end } of ranges) {
    const index = members.indexOf(node);
    if (index < 0)
      throw new RangeError(`Slots ${start} to ${end} are given to "${node}", which is not among the nodes`);
    if (members.nodes[index]?.weight === 0) {
      throw new RangeError(`Slots ${start} to ${end} are given to "${node}", which has weight 0`);
    }
    for (let slot = start; slot <= end; slot++) {
      if (given[slot] === 1) {
        const other = members.nodes[slots[slot] as number]?.id;
        throw new RangeError(`Slot ${slot} is given to both "${other}" and "${node}"`);
      }
      given[slot] = 1;
      slots[slot] = index;
    }
  }
  const left = given.indexOf(0);
  if (left >= 0) throw new RangeError(`Slot ${left} is given to no node`);
  return slots;
}

/** What each node is due by weight: whole slots, the largest fractions rounded up, 16,384 together. */
export function dueSlots(members: Members): Int32Array {
  const exact = members.nodes.map(node => (node.weight / members.totalWeight) * SLOT_COUNT);
  const due = Int32Array.from(exact, Math.floor);
  const left = SLOT_COUNT - due.reduce((sum, count) => sum + count, 0);
  const byFraction = members.nodes
    .filter(node => node.weight > 0)
    .map(node => node.index)
    .sort((a, b) => fraction(exact[b] as number) - fraction(exact[a] as number) || a - b);
  for (let i = 0; i < left; i++) {
    const index = byFraction[i % byFraction.length] as number;
    due[index] = (due[index] as number) + 1;
  }
  return due;
}

function fraction(x: number): number {
  return x - Math.floor(x);
}

/**
 * The assignment after a change of members, with as few moves as there can be.
 *
 * A node that joins, or whose weight was changed, gets or gives slots until it has what is due to it. It gets first what
 * nodes that left had, then from those that have most above their due. What is over goes to those that have least. No slot
 * moves between two nodes that were not touched. Givers give their highest slots.
 */
export function movedSlots(before: Uint16Array, from: Members, to: Members): Uint16Array {
  const due = dueSlots(to);
  const touched = to.nodes.map(({ id, weight }) => from.nodes[from.indexOf(id)]?.weight !== weight);
  const moved = new Uint16Array(SLOT_COUNT);
  const surplus = due.map(count => -count);
  const owned: number[][] = to.nodes.map(() => []);
  const free: number[] = [];
  const nextIndex = from.nodes.map(node => to.indexOf(node.id));
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    const index = nextIndex[before[slot] as number] ?? -1;
    if (index < 0) free.push(slot);
    else {
      moved[slot] = index;
      owned[index]?.push(slot);
      surplus[index] = (surplus[index] as number) + 1;
    }
  }
  const give = (index: number): void => {
    free.push(owned[index]?.pop() as number);
    surplus[index] = (surplus[index] as number) - 1;
  };
  for (let i = 0; i < due.length; i++) while (touched[i] && (surplus[i] as number) > 0) give(i);
  let needed = 0;
  for (let i = 0; i < due.length; i++) if (touched[i]) needed -= surplus[i] as number;
  while (free.length < needed) give(indexOfMost(surplus));
  free.sort((a, b) => a - b);
  for (const slot of free) {
    const index =
      needed > 0 ? touched.findIndex((is, i) => is && (surplus[i] as number) < 0) : indexOfLeast(surplus, to);
    if (needed > 0) needed--;
    moved[slot] = index;
    surplus[index] = (surplus[index] as number) + 1;
  }
  return moved;
}

function indexOfMost(surplus: Int32Array): number {
  let most = 0;
  for (let i = 1; i < surplus.length; i++) if ((surplus[i] as number) > (surplus[most] as number)) most = i;
  return most;
}

/** The node with weight that lacks most. */
function indexOfLeast(surplus: Int32Array, members: Members): number {
  let least = -1;
  for (const { index, weight } of members.nodes) {
    if (weight > 0 && (least < 0 || (surplus[index] as number) < (surplus[least] as number))) least = index;
  }
  return least;
}
