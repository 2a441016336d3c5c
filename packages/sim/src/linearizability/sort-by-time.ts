/** Entries that are sorted by insertion, before these blocks are merged. */
const blockLength = 32;
/** Entries merged between two looks at the clock. */
const entriesPerTurn = 1 << 16;

/**
 * Sorts indices by their times; those of equal times stay as they are. Yields now and then so that a deadline can be kept, which
 * the platform's own sort would not.
 *
 * Histories are nearly sorted in every way: blocks that are in order already are copied.
 *
 * @param order - is overwritten
 * @returns the sorted indices, in `order` or in another array
 */
export function* sortByTime(order: Int32Array, times: Float64Array): Generator<void, Int32Array> {
  const { length } = order;
  for (let begin = 0; begin < length; begin += blockLength) {
    insert(order, times, begin, Math.min(begin + blockLength, length));
    if (begin % entriesPerTurn === entriesPerTurn - blockLength) yield;
  }
  if (length <= blockLength) return order;
  let from: Int32Array = order;
  let to: Int32Array = new Int32Array(length);
  let merged = 0;
  for (let width = blockLength; width < length; width *= 2) {
    for (let begin = 0; begin < length; begin += 2 * width) {
      const end = Math.min(begin + 2 * width, length);
      merge(from, to, times, begin, Math.min(begin + width, length), end);
      merged += end - begin;
      if (merged < entriesPerTurn) continue;
      merged = 0;
      yield;
    }
    [from, to] = [to, from];
  }
  return from;
}

function insert(order: Int32Array, times: Float64Array, begin: number, end: number): void {
  for (let place = begin + 1; place < end; place++) {
    const index = order[place] as number;
    const time = times[index] as number;
    let at = place;
    while (at > begin && (times[order[at - 1] as number] as number) > time) {
      order[at] = order[at - 1] as number;
      at--;
    }
    order[at] = index;
  }
}

function merge(
  from: Int32Array,
  to: Int32Array,
  times: Float64Array,
  begin: number,
  middle: number,
  end: number,
): void {
  if (middle === end || !(timeAt(from, times, middle - 1) > timeAt(from, times, middle))) {
    to.set(from.subarray(begin, end), begin);
    return;
  }
  let one = begin;
  let other = middle;
  for (let at = begin; at < end; at++) {
    const takesOther =
      one === middle || (other < end && timeAt(from, times, other) < timeAt(from, times, one));
    to[at] = from[takesOther ? other++ : one++] as number;
  }
}

function timeAt(order: Int32Array, times: Float64Array, place: number): number {
  return times[order[place] as number] as number;
}
