import type { LogIndex, NodeId } from '@quorate/core';
import type { ReadAt } from './effects.ts';

/** The most rounds of which it is remembered when they were sent. */
const sentMax = 1024;

/** A read that the leader has to confirm: its own, or one of a follower. */
interface LeaderRead {
  /** The commit index when it was asked for; the state must be at least this new. */
  readonly index: number;
  readonly round: number;
  readonly id: number;
  /** The follower that asked, `undefined` for the leader's host. */
  readonly peer: NodeId | undefined;
}

/** A follower's reads that went to the leader in one message. */
interface FollowerBatch {
  readonly request: number;
  readonly ids: readonly number[];
  readonly sentAt: number;
}

/**
 * Reads on their way to an index (Ongaro 2014, §6.4).
 *
 * On a leader they wait for a round of heartbeats that was sent after they were asked for and that a majority has answered;
 * all reads of one flush share a round. On a follower they wait for the leader's answer, all reads of one flush in one
 * message. A read that can no longer be answered fails, and is asked again by whoever wants it.
 */
export class Reads {
  /** Asked for since the last flush. */
  asked: number[] = [];
  /** The same, of reads that a lease may answer. */
  askedByLease: number[] = [];
  /** Followers that asked since the last flush, with their counters. */
  askedByPeers: { readonly peer: NodeId; readonly request: number }[] = [];
  done: ReadAt[] = [];
  failed: number[] = [];
  /** Rounds of heartbeats that were sent in this term. */
  round = 0;
  #waiting: LeaderRead[] = [];
  #batches: FollowerBatch[] = [];
  #requests: number;
  /** When each round from `#sentBase` on was sent, in ticks. */
  #sentAt: number[] = [];
  #sentBase = 1;
  /** When the newest round that a majority answered was sent; `-Infinity` before one was. */
  #confirmedAt = Number.NEGATIVE_INFINITY;
  /** Rounds up to this one do not extend the lease: the process was not running for a while. */
  #distrusted = 0;

  /**
   * @param firstRequest where the counter of messages to the leader starts: elsewhere after each restart, or an answer to a
   * message from before a crash would pass for the answer to a later one
   */
  constructor(firstRequest: number) {
    this.#requests = firstRequest;
  }

  /** Whether something waits for a flush. */
  get anyAsked(): boolean {
    return this.asked.length > 0 || this.askedByLease.length > 0 || this.askedByPeers.length > 0;
  }

  /** What no lease answers for waits for a majority like the rest. */
  joinLeaseReads(): void {
    if (this.askedByLease.length === 0) return;
    this.asked = this.asked.concat(this.askedByLease);
    this.askedByLease = [];
  }

  /** Starts a round and returns its number. */
  nextRound(now: number): number {
    this.round++;
    this.#sentAt.push(now);
    // Nobody answers and nobody steps down: the oldest rounds are of no more use.
    if (this.#sentAt.length > sentMax) {
      this.#sentAt = this.#sentAt.slice(sentMax / 2);
      this.#sentBase += sentMax / 2;
    }
    return this.round;
  }

  /** A read that the next rounds from `round` on confirm. */
  wait(id: number, index: number, round: number, peer: NodeId | undefined): void {
    this.#waiting.push({ id, index, round, peer });
  }

  /** A majority answered `round`. Returns the followers' reads that this confirms; the leader's own are done. */
  confirm(
    round: number,
  ): readonly { readonly peer: NodeId; readonly request: number; readonly index: number }[] {
    this.#confirmSent(round);
    const answers: { peer: NodeId; request: number; index: number }[] = [];
    let taken = 0;
    for (const read of this.#waiting) {
      if (read.round > round) break;
      taken++;
      if (read.peer === undefined) this.done.push({ id: read.id, index: read.index as LogIndex });
      else answers.push({ peer: read.peer, request: read.id, index: read.index });
    }
    if (taken > 0) this.#waiting = this.#waiting.slice(taken);
    return answers;
  }

  /** Whether the lease still holds `leaseTicks` after the confirmed round was sent. */
  leaseHeld(now: number, leaseTicks: number): boolean {
    return now - this.#confirmedAt < leaseTicks;
  }

  /** The process stood still for an unknown time: no round that was sent before says anything about a lease. */
  distrust(): void {
    this.#confirmedAt = Number.NEGATIVE_INFINITY;
    this.#distrusted = this.round;
  }

  /** Puts all reads that were asked for on their way to the leader. Returns the message's counter. */
  sendBatch(now: number): number {
    this.#requests++;
    this.#batches.push({ request: this.#requests, ids: this.asked, sentAt: now });
    this.asked = [];
    return this.#requests;
  }

  /** The leader's answer to a batch; one that was given up is ignored. */
  answered(request: number, index: LogIndex): void {
    const batch = this.#batches.find(candidate => candidate.request === request);
    if (batch === undefined) return;
    for (const id of batch.ids) this.done.push({ id, index });
    this.#batches = this.#batches.filter(candidate => candidate !== batch);
  }

  /** Gives up on batches whose answer is overdue: messages may be lost. */
  expire(sentBefore: number): void {
    if (this.#batches.length === 0) return;
    for (const batch of this.#batches)
      if (batch.sentAt < sentBefore) this.failed = this.failed.concat(batch.ids);
    this.#batches = this.#batches.filter(batch => batch.sentAt >= sentBefore);
  }

  /** A new term, role or leader: nothing that is under way will be answered. */
  failAll(): void {
    this.failed = this.failed.concat(this.asked, this.askedByLease);
    for (const read of this.#waiting) if (read.peer === undefined) this.failed.push(read.id);
    for (const batch of this.#batches) this.failed = this.failed.concat(batch.ids);
    this.asked = [];
    this.askedByLease = [];
    this.askedByPeers = [];
    this.#waiting = [];
    this.#batches = [];
    this.round = 0;
    this.#sentAt = [];
    this.#sentBase = 1;
    this.#distrusted = 0;
    this.#confirmedAt = Number.NEGATIVE_INFINITY;
  }

  #confirmSent(round: number): void {
    if (round < this.#sentBase) return;
    const sentAt = this.#sentAt[round - this.#sentBase];
    this.#sentAt = this.#sentAt.slice(round - this.#sentBase + 1);
    this.#sentBase = round + 1;
    if (sentAt !== undefined && round > this.#distrusted) this.#confirmedAt = sentAt;
  }
}
