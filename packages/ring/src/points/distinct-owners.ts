/**
 * Walks owners clockwise from a position and keeps the first `count` different ones.
 *
 * Comparing with what was found so far beats marking nodes while `count` is small, which preference lists are; above
 * 16 the marks are used.
 *
 * @param owners Owner of each point, in order of position.
 * @returns How many were written into `into`.
 */
export function distinctOwners(
  owners: Uint16Array | Uint32Array,
  from: number,
  count: number,
  into: Int32Array,
  nodeCount: number,
): number {
  if (count > SCAN_MAX) return distinctByMarks(owners, from, count, into, nodeCount);
  const end = owners.length;
  if (count === 3 && from + 3 <= end) {
    // Three copies are what people keep, and three neighbours are mostly three nodes.
    const first = owners[from] as number;
    const second = owners[from + 1] as number;
    const third = owners[from + 2] as number;
    if (first !== second && first !== third && second !== third) {
      into[0] = first;
      into[1] = second;
      into[2] = third;
      return 3;
    }
  }
  let found = 0;
  let at = from;
  for (let step = 0; step < end && found < count; step++) {
    const owner = owners[at] as number;
    let seen = 0;
    while (seen < found && into[seen] !== owner) seen++;
    if (seen === found) into[found++] = owner;
    if (++at === end) at = 0;
  }
  return found;
}

const SCAN_MAX = 16;
let marks = new Uint32Array(0);
let round = 0;

function distinctByMarks(
  owners: Uint16Array | Uint32Array,
  from: number,
  count: number,
  into: Int32Array,
  nodeCount: number,
): number {
  if (marks.length < nodeCount) marks = new Uint32Array(nodeCount);
  if (round === 0xffffffff) {
    marks.fill(0);
    round = 0;
  }
  round++;
  const end = owners.length;
  let found = 0;
  let at = from;
  for (let step = 0; step < end && found < count; step++) {
    const owner = owners[at] as number;
    if (marks[owner] !== round) {
      marks[owner] = round;
      into[found++] = owner;
    }
    if (++at === end) at = 0;
  }
  return found;
}
