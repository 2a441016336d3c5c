import type { Clock, LogIndex, NodeId, QuorateError } from '@quorate/core';
import { machineFailed, noLeader } from './replica-error.ts';
import { Wait } from './wait.ts';

/** One call that waits for an answer. */
export class PendingRead extends Wait<Uint8Array> {
  readonly query: Uint8Array;
  /** Only the leader may answer. */
  readonly leaderOnly: boolean;
  readonly byLease: boolean;
  readonly askedMs: number;

  constructor(
    query: Uint8Array,
    how: { readonly leaderOnly: boolean; readonly byLease: boolean; readonly askedMs: number },
    resolve: (answer: Uint8Array) => void,
    reject: (error: QuorateError) => void,
  ) {
    super(resolve, reject);
    this.query = query;
    this.leaderOnly = how.leaderOnly;
    this.byLease = how.byLease;
    this.askedMs = how.askedMs;
  }
}

/** What reads ask for. */
export interface ReadSource {
  /** Asks for an index; the answer comes as {@link ReadBook.confirmed} or {@link ReadBook.failed}. */
  readIndex(round: number, byLease: boolean): void;
  query(query: Uint8Array): Uint8Array;
  notLeader(): QuorateError;
}

interface Round {
  readonly id: number;
  readonly reads: readonly PendingRead[];
  readonly byLease: boolean;
  readonly startedMs: number;
}

/**
 * Reads on their way: they wait for a round that confirms an index, then until that index is applied. All reads that come
 * while a round is under way share the next one, so that a hundred callers cost as much as two.
 */
export class ReadBook {
  readonly #self: NodeId;
  readonly #clock: Clock;
  readonly #source: ReadSource;
  readonly #roundMs: number;
  readonly #giveUpMs: number;
  #waiting: PendingRead[] = [];
  #waitingLease: PendingRead[] = [];
  #rounds: Round[] = [];
  #lastId = 0;
  /** Confirmed, in the order of the rounds: what waits for its index to be applied. */
  #confirmed: { readonly index: LogIndex; readonly round: Round }[] = [];
  #applied = 0;
  #isLeader = false;
  /** When the last round began that was confirmed and whose index is applied: the state is at least as new as that. */
  #freshMs = Number.NEGATIVE_INFINITY;

  /** @param roundMs after which a round that nobody answered is asked anew, since messages may be lost */
  constructor(self: NodeId, clock: Clock, source: ReadSource, roundMs: number, giveUpMs: number) {
    this.#self = self;
    this.#clock = clock;
    this.#source = source;
    this.#roundMs = roundMs;
    this.#giveUpMs = giveUpMs;
  }

  get freshMs(): number {
    return this.#freshMs;
  }

  get anyWaiting(): boolean {
    return this.#waiting.length > 0 || this.#waitingLease.length > 0;
  }

  add(read: PendingRead): void {
    if (read.byLease) this.#waitingLease.push(read);
    else this.#waiting.push(read);
  }

  /** Sends what waits on its way, unless a round of the kind is under way. */
  start(): void {
    if (this.#waiting.length > 0 && !this.#rounds.some(round => !round.byLease)) {
      this.#begin(this.#waiting, false);
      this.#waiting = [];
    }
    if (this.#waitingLease.length > 0 && !this.#rounds.some(round => round.byLease)) {
      this.#begin(this.#waitingLease, true);
      this.#waitingLease = [];
    }
  }

  confirmed(id: number, index: LogIndex): void {
    const round = this.#take(id);
    if (round === undefined) return;
    this.#confirmed.push({ index, round });
    this.applied(this.#applied);
  }

  /** A round cannot be answered: there is no leader, or another one. Its reads ask again in a while. */
  failed(id: number): void {
    const round = this.#take(id);
    if (round !== undefined) this.#again(round);
  }

  /** The state machine has applied everything up to `index`. */
  applied(index: number): void {
    this.#applied = index;
    if (this.#confirmed.length === 0) return;
    const ready = this.#confirmed.filter(confirmed => confirmed.index <= index);
    if (ready.length === 0) return;
    this.#confirmed = this.#confirmed.filter(confirmed => confirmed.index > index);
    for (const { round } of ready) {
      this.#freshMs = Math.max(this.#freshMs, round.startedMs);
      for (const read of round.reads) if (!read.settled) this.#answer(read);
    }
  }

  /** The answer of the present state. @throws QuorateError `MACHINE_FAILED` */
  answerNow(query: Uint8Array): Uint8Array {
    try {
      return this.#source.query(query);
    } catch (thrown) {
      throw machineFailed('answer a query', thrown);
    }
  }

  /** Nothing that is under way will be answered. */
  roundsLost(): void {
    const rounds = this.#rounds;
    this.#rounds = [];
    for (const round of rounds) this.#again(round);
  }

  /** Looks after what takes too long. */
  tick(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const round of this.#rounds) {
      if (nowMs - round.startedMs < this.#roundMs) continue;
      this.#take(round.id);
      this.#again(round);
    }
    if (this.anyWaiting && !this.#isLeader) this.#giveUp(nowMs - this.#giveUpMs);
  }

  /** Whether this replica leads has changed. */
  roleChanged(isLeader: boolean): void {
    this.#isLeader = isLeader;
    if (isLeader) return;
    for (const queue of [this.#waiting, this.#waitingLease]) this.#refuse(queue);
    this.#waitingLease = [];
    this.#waiting = this.#waiting.filter(read => !read.settled);
  }

  rejectAll(error: QuorateError): void {
    const reads = [...this.#waiting, ...this.#waitingLease];
    for (const { reads: own } of this.#rounds) reads.push(...own);
    for (const { round } of this.#confirmed) reads.push(...round.reads);
    this.#waiting = [];
    this.#waitingLease = [];
    this.#rounds = [];
    this.#confirmed = [];
    for (const read of reads) read.reject(error);
  }

  #begin(waiting: readonly PendingRead[], byLease: boolean): void {
    const reads = waiting.filter(read => !read.settled);
    if (reads.length === 0) return;
    const round: Round = { id: ++this.#lastId, reads, byLease, startedMs: this.#clock.monotonicMs() };
    this.#rounds.push(round);
    this.#source.readIndex(round.id, byLease);
  }

  #again(round: Round): void {
    if (!this.#isLeader) this.#refuse(round.reads);
    for (const read of round.reads) if (!read.settled) this.add(read);
  }

  #refuse(reads: readonly PendingRead[]): void {
    for (const read of reads) if (read.leaderOnly && !read.settled) read.reject(this.#source.notLeader());
  }

  #giveUp(askedBeforeMs: number): void {
    for (const read of this.#waiting) if (read.askedMs < askedBeforeMs) read.reject(noLeader(this.#self));
    this.#waiting = this.#waiting.filter(read => !read.settled);
  }

  #answer(read: PendingRead): void {
    let answer: Uint8Array;
    try {
      answer = this.answerNow(read.query);
    } catch (failure) {
      read.reject(failure as QuorateError);
      return;
    }
    read.resolve(answer);
  }

  #take(id: number): Round | undefined {
    const round = this.#rounds.find(candidate => candidate.id === id);
    if (round !== undefined) this.#rounds = this.#rounds.filter(candidate => candidate !== round);
    return round;
  }
}
