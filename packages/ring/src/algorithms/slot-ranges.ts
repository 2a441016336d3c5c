/**
 * The runs of neighbouring slots that one node serves, so that a walk to the next owners takes a step for each range and
 * not for each slot. Redis clusters have a few ranges a node, of thousands of slots.
 */
export interface SlotRanges {
  /** First slot of each range, ascending. */
  readonly starts: Uint16Array;
  /** Index of the node of each range. */
  readonly owners: Uint16Array;
  /** Number of the range that each slot lies in. */
  readonly bySlot: Uint16Array;
}

/** Finds the ranges in an assignment, the index of the node of each slot. */
export function slotRanges(slots: Uint16Array): SlotRanges {
  const starts = new Uint16Array(slots.length);
  const bySlot = new Uint16Array(slots.length);
  let count = 0;
  for (let slot = 0; slot < slots.length; slot++) {
    if (slot === 0 || slots[slot] !== slots[slot - 1]) starts[count++] = slot;
    bySlot[slot] = count - 1;
  }
  const firsts = starts.slice(0, count);
  return { starts: firsts, owners: firsts.map(slot => slots[slot] as number), bySlot };
}
