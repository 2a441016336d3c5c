/** Both ends included. */
export type SequenceRange = readonly [from: number, to: number];

/** Which numbers of a sequence there were, as ranges: most come one after the other, so these stay few. */
export class SequenceSet {
  readonly #ranges: [from: number, to: number][];

  constructor(ranges: readonly SequenceRange[] = []) {
    this.#ranges = ranges.map(([from, to]) => [from, to]);
  }

  /** @returns false where it was there */
  add(number: number): boolean {
    const ranges = this.#ranges;
    let at = ranges.length;
    while (at > 0 && (ranges[at - 1] as SequenceRange)[0] > number) at--;
    const before = ranges[at - 1];
    const after = ranges[at];
    if (before !== undefined && number <= before[1]) return false;
    const joinsBefore = before?.[1] === number - 1;
    const joinsAfter = after?.[0] === number + 1;
    if (before !== undefined && after !== undefined && joinsBefore && joinsAfter) {
      before[1] = after[1];
      ranges.splice(at, 1);
    } else if (before !== undefined && joinsBefore) before[1] = number;
    else if (after !== undefined && joinsAfter) after[0] = number;
    else ranges.splice(at, 0, [number, number]);
    return true;
  }

  get size(): number {
    return this.#ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
  }

  has(number: number): boolean {
    return this.#ranges.some(([from, to]) => from <= number && number <= to);
  }

  toJSON(): readonly SequenceRange[] {
    return this.#ranges.map(([from, to]) => [from, to]);
  }
}
