/** Increments and decrements, both only grow. */
export interface Tally {
  readonly plus: bigint;
  readonly minus: bigint;
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
  readonly taken: ReadonlyMap<string, Tally>;
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

/** Whether `one` has all that `other` counted. */
export function covers(one: Tally, other: Tally): boolean {
  return one.plus >= other.plus && one.minus >= other.minus;
}

/** What is known to be taken over: of each departed actor, the most that one survivor took, and all that survivors took. */
export function takenOver(records: PnRecords): Map<string, { most: Tally; all: Tally }> {
  const found = new Map<string, { most: Tally; all: Tally }>();
  for (const { taken } of records.values()) {
    for (const [actor, tally] of taken) {
      const known = found.get(actor);
      if (known === undefined) found.set(actor, { most: tally, all: tally });
      else found.set(actor, { most: larger(known.most, tally), all: sum(known.all, tally) });
    }
  }
  return found;
}

/**
 * The value of a state. Of an actor that was taken over, once or by mistake by several survivors, counts the most that is known of
 * it, less all that was taken: what is in the survivors' counts already.
 */
export function valueOf(records: PnRecords): bigint {
  let total = emptyTally;
  const over = takenOver(records);
  for (const [actor, { tally }] of records) if (!over.has(actor)) total = sum(total, tally);
  for (const [actor, { most, all }] of over) {
    const own = records.get(actor)?.tally ?? emptyTally;
    total = sum(total, difference(larger(own, most), all));
  }
  return total.plus - total.minus;
}
