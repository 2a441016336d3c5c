import { QuorateError, type Random, systemRandom } from '@quorate/core';
import { type Delta, checkDelta, int64Max } from '../int64.ts';
import { decodePn, encodePn } from './pn-codec.ts';
import {
  covers,
  difference,
  emptyRecord,
  emptyTally,
  larger,
  type PnRecord,
  smaller,
  sum,
  type Taken,
  type Tally,
  takenOver,
  valueOf,
} from './pn-record.ts';
import type { PnCounter, PnCounterOptions, PnDigest, PruneResult } from './pn-counter.ts';

/** A replica's records, and what it does with them. */
export class Replica implements PnCounter {
  readonly #name: string;
  readonly #random: Random;
  readonly #actorsMax: number;
  readonly #retiredMax: number;
  readonly #records = new Map<string, PnRecord>();
  /** Pruned everywhere: what is still said of them is old. */
  readonly #retired = new Set<string>();
  readonly #changed = new Set<string>();
  #actor: string;
  #value: bigint | undefined;

  constructor(
    name: string,
    { random = systemRandom, actorsMax = 1000, retiredMax = 10_000, state }: PnCounterOptions,
  ) {
    if (!(Number.isInteger(actorsMax) && actorsMax >= 1 && actorsMax <= 100_000))
      throw new RangeError(`Number of actors must be an integer from 1 to 100000: received ${actorsMax}`);
    this.#name = name;
    this.#random = random;
    this.#actorsMax = actorsMax;
    this.#retiredMax = retiredMax;
    this.#actor = this.#freshId();
    if (state !== undefined) this.merge(state);
    this.#changed.clear();
  }

  get actor(): string {
    return this.#actor;
  }

  get value(): bigint {
    this.#value ??= valueOf(this.#records);
    return this.#value;
  }

  get actors(): readonly string[] {
    return [...this.#records.keys()];
  }

  increment(by: Delta = 1): void {
    this.#count({ plus: checkStep(by), minus: 0n });
  }

  decrement(by: Delta = 1): void {
    this.#count({ plus: 0n, minus: checkStep(by) });
  }

  state(): Uint8Array {
    return encodePn(this.#records);
  }

  takeDelta(): Uint8Array | undefined {
    const delta = new Map([...this.#records].filter(([actor]) => this.#changed.has(actor)));
    this.#changed.clear();
    return delta.size === 0 ? undefined : encodePn(delta);
  }

  digest(): PnDigest {
    return new Map([...this.#records].map(([actor, { version }]) => [actor, version]));
  }

  deltaFor(digest: PnDigest): Uint8Array | undefined {
    const news = [...this.#records].filter(([actor, { version }]) => version > (digest.get(actor) ?? 0));
    return news.length === 0 ? undefined : encodePn(new Map(news));
  }

  merge(state: Uint8Array): boolean {
    const theirs = decodePn(state, this.#actorsMax);
    const newer = [...theirs].filter(
      ([actor, { version }]) =>
        version > (this.#records.get(actor)?.version ?? 0) && !this.#retired.has(actor),
    );
    const over = takenOver(new Map([...this.#records, ...newer]));
    // What a survivor has in full is no news.
    const news = newer.filter(([actor, { tally }]) => {
      const taken = over.get(actor);
      return this.#records.has(actor) || taken === undefined || !covers(taken.most, tally);
    });
    const size = new Set([...this.#records.keys(), ...news.map(([actor]) => actor), this.#actor]).size;
    if (size > this.#actorsMax) throw refused(`it makes ${size} actors, more than ${this.#actorsMax}`);
    for (const [actor, record] of news) this.#set(actor, record);
    if (news.length > 0) this.#settle();
    return news.length > 0;
  }

  prune(actor: string, replicas: readonly string[]): PruneResult {
    if (actor === this.#actor) throw new RangeError(`Actor to prune must be another's: received "${actor}"`);
    const record = this.#records.get(actor);
    const over = takenOver(this.#records).get(actor);
    if (record === undefined) return { outcome: 'nothing' };
    const unaware = this.#unaware([...record.taken.keys()], replicas);
    if (unaware.length > 0) return { outcome: 'waits', for: unaware };
    // What another survivor took is not ours to take; what came to light since is.
    const rest = difference(larger(record.tally, over?.most ?? emptyTally), over?.most ?? emptyTally);
    const own = this.#own();
    const before = own.taken.get(actor) ?? { covered: emptyTally, added: emptyTally };
    const covered = over === undefined ? record.tally : sum(before.covered, rest);
    if (over !== undefined && !covers(before.covered, over.most))
      return { outcome: 'waits', for: this.#survivors(actor) };
    if (own.taken.size >= this.#actorsMax && !own.taken.has(actor))
      throw refused(`${own.taken.size} actors that it has taken over are not collected`);
    const twice = larger(difference(before.covered, before.added), this.#takenTwice(actor, record));
    const added = larger(difference(covered, twice), emptyTally);
    this.#setOwn({
      ...own,
      tally: checked(sum(own.tally, difference(added, before.added))),
      taken: new Map(own.taken).set(actor, { covered, added }),
    });
    this.#settle();
    return { outcome: 'pruned' };
  }

  collect(replicas: readonly string[]): number {
    this.#giveBack();
    const own = this.#own();
    const known = [...own.taken.keys()].filter(
      actor =>
        !this.#records.has(actor) &&
        this.#survivors(actor).length === 1 &&
        this.#unaware([actor], replicas).length === 0,
    );
    if (known.length === 0) return 0;
    const taken = new Map([...own.taken].filter(([actor]) => !known.includes(actor)));
    this.#setOwn({ ...own, taken });
    this.#settle();
    return known.length;
  }

  #count(step: Tally): void {
    const own = this.#own();
    this.#setOwn({ ...own, tally: checked(sum(own.tally, step)) });
  }

  #own(): PnRecord {
    return this.#records.get(this.#actor) ?? emptyRecord;
  }

  #setOwn(record: PnRecord): void {
    if (!this.#records.has(this.#actor) && this.#records.size >= this.#actorsMax)
      throw refused(`there are ${this.#actorsMax} actors already`);
    this.#set(this.#actor, { ...record, version: this.#own().version + 1 });
  }

  #set(actor: string, record: PnRecord): void {
    this.#records.set(actor, record);
    this.#changed.add(actor);
    this.#value = undefined;
  }

  /** Forgets records of which all is in a survivor's, and tells the others what it knows. */
  #settle(): void {
    for (;;) {
      const over = takenOver(this.#records);
      // Somebody takes us for departed: we go on under another id. What it missed it will find.
      if (over.has(this.#actor)) this.#actor = this.#freshId();
      const own = this.#own();
      const gone = new Set(own.gone);
      let isDropping = false;
      for (const [actor, { most }] of over) {
        const record = this.#records.get(actor);
        if (record !== undefined && !covers(most, record.tally)) {
          gone.delete(actor);
          continue;
        }
        isDropping ||= this.#records.delete(actor);
        this.#changed.delete(actor);
        gone.add(actor);
      }
      for (const actor of own.gone) {
        if (over.has(actor)) continue;
        // Its survivor has forgotten it, so everybody knew: what still comes is old.
        gone.delete(actor);
        this.#retire(actor);
      }
      if (gone.size !== own.gone.size || [...gone].some(actor => !own.gone.has(actor)))
        this.#setOwn({ ...own, gone });
      if (!isDropping) return;
      this.#value = undefined;
    }
  }

  #retire(actor: string): void {
    this.#retired.add(actor);
    const [oldest] = this.#retired;
    if (this.#retired.size > this.#retiredMax) this.#retired.delete(oldest as string);
  }

  /** Which replicas have not said that they know of all of these. */
  #unaware(actors: readonly string[], replicas: readonly string[]): string[] {
    if (actors.length === 0) return [];
    return replicas.filter(replica => {
      const gone = this.#records.get(replica)?.gone;
      return !actors.every(actor => gone?.has(actor) === true);
    });
  }

  /** Leaves to another survivor what both took over: to the one whose id is the smallest, so that one of them keeps it. */
  #giveBack(): void {
    const own = this.#own();
    const taken = new Map(own.taken);
    let { tally } = own;
    for (const [departed, mine] of own.taken) {
      const keeper = [...this.#records].find(
        ([actor, record]) => actor < this.#actor && hasTaken(record, departed, mine),
      );
      if (keeper === undefined) continue;
      taken.delete(departed);
      tally = difference(tally, mine.added);
    }
    if (taken.size < own.taken.size) this.#setOwn({ ...own, tally, taken });
  }

  /** What a survivor took over that another one has as well: it goes with its record, instead of being corrected for. */
  #takenTwice(actor: string, { taken }: PnRecord): Tally {
    const others = takenOver(new Map([...this.#records].filter(([other]) => other !== actor)));
    let twice = emptyTally;
    for (const [departed, { added }] of taken) {
      const theirs = others.get(departed);
      if (theirs !== undefined) twice = sum(twice, smaller(added, theirs.mostAdded));
    }
    return twice;
  }

  #survivors(actor: string): string[] {
    return [...this.#records].filter(([, { taken }]) => taken.has(actor)).map(([survivor]) => survivor);
  }

  #freshId(): string {
    const hex = Array.from(this.#random.bytes(12), byte => byte.toString(16).padStart(2, '0'));
    return `${this.#name}.${hex.join('')}`;
  }
}

/** Whether a survivor has taken over at least so much of a departed actor. */
function hasTaken({ taken }: PnRecord, departed: string, { covered, added }: Taken): boolean {
  const theirs = taken.get(departed);
  return theirs !== undefined && covers(theirs.covered, covered) && covers(theirs.added, added);
}

function checkStep(by: Delta): bigint {
  checkDelta(by);
  if (by < 0) throw new RangeError(`Step must be at least 0: received ${by}`);
  return BigInt(by);
}

/** @throws RangeError */
function checked(tally: Tally): Tally {
  const most = tally.plus > tally.minus ? tally.plus : tally.minus;
  if (most <= int64Max) return tally;
  throw new RangeError(`Count of an actor must be at most ${int64Max}: received ${most}`);
}

function refused(why: string): QuorateError {
  return new QuorateError('PN_STATE_REFUSED', `State of a counter is refused: ${why}`, {
    outcome: 'not-applied',
  });
}
