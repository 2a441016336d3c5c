import type { Clock, NodeId } from '@quorate/core';

/** How often one replica is asked by a call between two pauses: once by itself, and once more because another named it. */
const askedMax = 2;

/** How often a call has asked whom since it last paused. */
export type Asked = Map<NodeId, number>;

/**
 * What a client knows of who leads. All its calls share it.
 *
 * A call that was given up by its own limit says little: one of a few milliseconds ends before a leader that does well has
 * answered. A replica is passed over when it has left calls unanswered for as long as one call waits for one replica.
 */
export class LeaderSearch {
  readonly #members: readonly NodeId[];
  readonly #clock: Clock;
  readonly #patienceMs: number;
  #leader: NodeId | undefined;
  /** Where the search begins while nobody is known to lead. */
  #first = 0;
  #silence: { readonly of: NodeId; readonly sinceMs: number } | undefined;

  constructor(members: readonly NodeId[], clock: Clock, patienceMs: number) {
    this.#members = members;
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  get leader(): NodeId | undefined {
    return this.#leader;
  }

  /** It answered as only the leader does. */
  leads(id: NodeId): void {
    this.#leader = id;
    this.heard(id);
  }

  heard(id: NodeId): void {
    if (this.#silence?.of === id) this.#silence = undefined;
  }

  /** It does not lead, and says who does, as far as it knows. */
  named(by: NodeId, leader: NodeId | undefined): void {
    this.heard(by);
    this.#leader = leader === by ? undefined : leader;
  }

  /** It cannot be asked, or is not fit to lead: a search begins with another. */
  failed(id: NodeId): void {
    this.heard(id);
    if (this.#leader === id) this.#leader = undefined;
    if (this.#members[this.#first] === id) this.#first = (this.#first + 1) % this.#members.length;
  }

  /** A call that had asked it since then was given up by its own limit, before it waited for as long as for any replica. */
  gaveUp(id: NodeId, sinceMs: number): void {
    // Nothing speaks for one that is not known to lead.
    if (this.#leader !== id) return this.failed(id);
    if (this.#silence?.of !== id) this.#silence = { of: id, sinceMs };
    if (this.#clock.monotonicMs() - this.#silence.sinceMs >= this.#patienceMs) this.failed(id);
  }

  /**
   * Whom a call asks next: the leader, as far as it is known, or one after the other. `undefined` when it is to pause, which
   * is soon: two that name each other would be asked for ever.
   */
  next(asked: Asked, leaderOnly: boolean): NodeId | undefined {
    const leader = leaderOnly ? this.#leader : undefined;
    if (leader !== undefined && (asked.get(leader) ?? 0) < askedMax) return leader;
    const { length } = this.#members;
    for (let at = 0; at < length; at++) {
      const member = this.#members[(at + (leaderOnly ? this.#first : 0)) % length] as NodeId;
      if (!asked.has(member)) return member;
    }
    return undefined;
  }
}
