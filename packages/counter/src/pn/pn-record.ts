/** Increments and decrements, both only grow. */
export interface Tally {
  readonly plus: bigint;
  readonly minus: bigint;
}

/** What a survivor took over from an actor that departed. */
export interface Taken {
  /** The counts of the departed that it accounts for. */
  readonly covered: Tally;
  /** What came to its own counts: that, less what the departed had itself taken over and another survivor has as well. */
  readonly added: Tally;
}

/**
 * What one actor says, and nobody else: later versions replace earlier ones whole. So records of one actor are in a line, and a
 * state, the newest record of each actor, is a join-semilattice.
 */
export interface PnRecord {
  readonly version: number;
  /** Its own counts, with what it took over from others. */
  readonly tally: Tally;
  /** What it took over from actors that departed: until everybody knows, so that nobody counts that twice. */
  readonly taken: ReadonlyMap<string, Taken>;
  /** Of whom it knows that they are taken over, and has no record any more. */
  readonly gone: ReadonlySet<string>;
}

export type PnRecords = ReadonlyMap<string, PnRecord>;

export const emptyTally: Tally = { plus: 0n, minus: 0n };

export const emptyRecord: PnRecord = { version: 0, tally: emptyTally, taken: new Map(), gone: new Set() };

export function sum(one: Tally, other: Tally): Tally {
  return { plus: one.plus + other.plus, minus: one.minus + other.minus };
}

export function difference(one: Tally, other: Tally): Tally {
  return { plus: one.plus - other.plus, minus: one.minus - other.minus };
}

export function larger(one: Tally, other: Tally): Tally {
  return {
    plus: one.plus > other.plus ? one.plus : other.plus,
    minus: one.minus > other.minus ? one.minus : other.minus,
  };
}

export function smaller(one: Tally, other: Tally): Tally {
  return {
    plus: one.plus < other.plus ? one.plus : other.plus,
    minus: one.minus < other.minus ? one.minus : other.minus,
  };
}

/** Whether `one` has all that `other` counted. */
export function covers(one: Tally, other: Tally): boolean {
  return one.plus >= other.plus && one.minus >= other.minus;
}

/** What is known of the taking over of a departed actor. */
export interface TakenOver {
  /** The most that one survivor accounts for, and added. */
  readonly most: Tally;
  readonly mostAdded: Tally;
  /** What all survivors added. */
  readonly allAdded: Tally;
}

export function takenOver(records: PnRecords): Map<string, TakenOver> {
  const found = new Map<string, TakenOver>();
  for (const { taken } of records.values()) {
    for (const [actor, { covered, added }] of taken) {
      const { most, mostAdded, allAdded } = found.get(actor) ?? nothingTaken;
      found.set(actor, {
        most: larger(most, covered),
        mostAdded: larger(mostAdded, added),
        allAdded: sum(allAdded, added),
      });
    }
  }
  return found;
}

const nothingTaken: TakenOver = { most: emptyTally, mostAdded: emptyTally, allAdded: emptyTally };

/**
 * The value of a state. Of an actor that was taken over, once or by mistake by several survivors, counts the most that is known of
 * it, less all that was added: what is in the survivors' counts already. Where its record is there, so is what it had itself taken
 * over, and what others have of that as well is corrected there; else one survivor's share is what counts.
 */
export function valueOf(records: PnRecords): bigint {
  let total = emptyTally;
  const over = takenOver(records);
  for (const [actor, { tally }] of records) if (!over.has(actor)) total = sum(total, tally);
  for (const [actor, { most, mostAdded, allAdded }] of over) {
    const own = records.get(actor)?.tally;
    total = sum(total, difference(own === undefined ? mostAdded : larger(own, most), allAdded));
  }
  return total.plus - total.minus;
}
