import type { Random } from '@quorate/core';
import type { Member } from './member.ts';

/**
 * Whom to probe next: everybody once in each round, in an order drawn anew for each, newcomers at a random place.
 *
 * That bounds the time until a dead member is probed by two rounds, where independent draws would leave some out for long
 * (SWIM, §4.3).
 */
export class ProbeOrder {
  readonly #random: Random;
  #round: Member[] = [];
  #next = 0;
  #first: Member | undefined;

  constructor(random: Random) {
    this.#random = random;
  }

  add(member: Member): void {
    if (member.isOrdered) return;
    member.isOrdered = true;
    const at = this.#random.below(this.#round.length + 1);
    this.#round.push(member);
    this.#swap(at, this.#round.length - 1);
  }

  /** Has a member probed before all others, once: somebody has a reason to doubt it. */
  putFirst(member: Member): void {
    this.#first = member;
  }

  /** The next living member, if there is one. */
  next(): Member | undefined {
    const first = this.#first;
    this.#first = undefined;
    if (first?.isLive === true) return first;
    for (let round = 0; round < 2; round++) {
      while (this.#next < this.#round.length) {
        const member = this.#round[this.#next++] as Member;
        if (member.isLive) return member;
      }
      this.#shuffle();
    }
    return undefined;
  }

  /** Begins a new round without those that are gone (Fisher and Yates; Durstenfeld 1964). */
  #shuffle(): void {
    this.#round = this.#round.filter(member => (member.isOrdered = member.isLive));
    for (let at = this.#round.length - 1; at > 0; at--) this.#swap(at, this.#random.below(at + 1));
    this.#next = 0;
  }

  #swap(one: number, other: number): void {
    const member = this.#round[one] as Member;
    this.#round[one] = this.#round[other] as Member;
    this.#round[other] = member;
  }
}
