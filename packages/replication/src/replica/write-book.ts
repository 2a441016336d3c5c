import type { LogIndex, NodeId, QuorateError, Term } from '@quorate/core';
import { Deque } from './deque.ts';
import type { EarlyAcks } from './early-acks.ts';
import type { PendingWrite } from './pending-write.ts';
import { leadershipLost, superseded } from './replica-error.ts';
import type { WriteReceipt } from './write-options.ts';

/** How far the logs of the members reach, as the leader knows it. */
export interface Matches {
  /** How many members have the entry durably, this one included. */
  countAt(index: number): number;
  /** The highest index that so many members beside the leader have durably; 0 where there are fewer members. */
  othersAt(count: number): number;
  /** The highest index that every voter has durably. */
  allVoters(): number;
}

/**
 * The writes that wait: for the own disk, for some others', to be applied, for everybody's. Each queue is in the order of the
 * log, so that what is settled is at its front.
 *
 * When leadership ends they all wait to see what is committed where they stand: a write that made it is acknowledged though
 * its leader is none any more, one in whose place another entry is committed certainly did not happen.
 */
export class WriteBook {
  readonly #self: NodeId;
  readonly #durability: WriteReceipt['durability'];
  readonly #early: EarlyAcks;
  readonly #leader = new Deque<PendingWrite>();
  /** By how many others are waited for, which is the same number for nearly all. */
  readonly #semiSync = new Map<number, Deque<PendingWrite>>();
  #commit = new Deque<PendingWrite>();
  #everybody = new Deque<PendingWrite>();
  /** How far the leader's own log is durable, of what was appended in this office. */
  #durable = 0;
  /** Until then, who wrote before leadership ended waits to see what is committed. */
  #giveUpAtMs = Number.POSITIVE_INFINITY;

  constructor(self: NodeId, durability: WriteReceipt['durability'], early: EarlyAcks) {
    this.#self = self;
    this.#durability = durability;
    this.#early = early;
  }

  /** How many writes wait to be committed; some of them may have been given up. */
  get size(): number {
    let size = this.#leader.size + this.#commit.size + this.#everybody.size;
    for (const queue of this.#semiSync.values()) size += queue.size;
    return size;
  }

  /** Whether somebody waits for what {@link Matches} say. */
  get awaitsMatches(): boolean {
    return this.#semiSync.size > 0 || this.#everybody.size > 0;
  }

  /** The first index that somebody waits to see applied; `Infinity` where nobody does. */
  get nextIndex(): number {
    return this.#commit.first?.index ?? Number.POSITIVE_INFINITY;
  }

  /** A write got its place in the log. In the order of the indexes. */
  add(write: PendingWrite, index: LogIndex, term: Term): void {
    write.index = index;
    write.term = term;
    if (write.awaits === 'leader') this.#leader.push(write);
    else if (write.awaits === 'semiSync') this.#semiSyncQueue(write.others).push(write);
    else this.#commit.push(write);
  }

  /** The leader's own log is durable up to `index`. */
  durable(index: number): void {
    this.#durable = index;
    for (
      let write = this.#leader.first;
      write !== undefined && write.index <= index;
      write = this.#leader.first
    ) {
      this.#leader.shift();
      if (!write.settled) this.#acknowledgeEarly(write, 1, false);
    }
  }

  /** Settles what the members' logs allow. */
  matched(matches: Matches): void {
    for (const [others, queue] of this.#semiSync) {
      const reached = Math.min(this.#durable, matches.othersAt(others));
      for (let write = queue.first; write !== undefined && write.index <= reached; write = queue.first) {
        queue.shift();
        if (!write.settled) this.#acknowledgeEarly(write, matches.countAt(write.index), false);
      }
      if (queue.size === 0) this.#semiSync.delete(others);
    }
    if (this.#everybody.size === 0) return;
    const reached = matches.allVoters();
    const queue = this.#everybody;
    for (let write = queue.first; write !== undefined && write.index <= reached; write = queue.first) {
      queue.shift();
      write.resolve({ ...this.#receipt(write, matches.countAt(write.index)), reply: write.reply });
    }
  }

  /** Acknowledges a write of this office with fewer others than it asked for, if it is durable here. Returns whether it did. */
  degrade(write: PendingWrite, matches: Matches): boolean {
    if (write.index > this.#durable) return false;
    this.#acknowledgeEarly(write, matches.countAt(write.index), true);
    return true;
  }

  /**
   * The entry at `index` is committed and about to be applied: who waits for it, if somebody does. Whoever waited there for
   * another entry is told that it is none any more.
   */
  take(index: number, term: number): PendingWrite | undefined {
    for (
      let write = this.#commit.first;
      write !== undefined && write.index <= index;
      write = this.#commit.first
    ) {
      this.#commit.shift();
      if (write.settled) continue;
      if (write.index === index && write.term === term) return write;
      // An index is passed over only where a snapshot stood for it: see `replaced`.
      write.reject(superseded(write.index));
    }
    return undefined;
  }

  /** A write that {@link take} gave was applied. */
  applied(write: PendingWrite, reply: Uint8Array | undefined, matches: Matches): void {
    if (write.awaits === 'all') {
      write.reply = reply;
      this.#everybody.push(write);
    } else write.resolve({ ...this.#receipt(write, matches.countAt(write.index)), reply });
  }

  /** A snapshot stands for everything up to `index`: whether what waited is in it, nobody can tell here. */
  replaced(index: number): void {
    for (
      let write = this.#commit.first;
      write !== undefined && write.index <= index;
      write = this.#commit.first
    ) {
      this.#commit.shift();
      write.reject(leadershipLost(this.#self, 'unknown'));
    }
  }

  /** Leadership ended: whatever waits, waits to see what is committed, and no longer than this. */
  leaveOffice(untilMs: number): void {
    this.#giveUpAtMs = untilMs;
    this.#gather(() => leadershipLost(this.#self, 'applied'));
  }

  /** Rejects what has waited long enough since leadership ended. */
  giveUp(nowMs: number): void {
    if (nowMs <= this.#giveUpAtMs) return;
    this.#giveUpAtMs = Number.POSITIVE_INFINITY;
    this.rejectAll(applied => leadershipLost(this.#self, applied ? 'applied' : 'unknown'));
  }

  /** Leadership begins anew: what of the terms before is not in the log any more can wait no longer. */
  takeOffice(termAt: (index: LogIndex) => Term | undefined): void {
    this.#durable = 0;
    for (const write of this.#commit.drain()) {
      if (write.settled) continue;
      if (termAt(write.index as LogIndex) === write.term) this.#commit.push(write);
      else write.reject(leadershipLost(this.#self, 'unknown'));
    }
  }

  /** Rejects whatever waits. @param errorOf told whether the write was committed and applied */
  rejectAll(errorOf: (applied: boolean) => QuorateError): void {
    this.#gather(() => errorOf(true));
    for (const write of this.#commit.drain()) write.reject(errorOf(false));
  }

  /**
   * Lets everything wait for what is committed, whatever it waited for. What waits for others' disks though it is applied has
   * nothing more to see.
   */
  #gather(errorOfApplied: () => QuorateError): void {
    for (const write of this.#everybody.drain()) write.reject(errorOfApplied());
    const waiting = [...this.#leader.drain(), ...this.#commit.drain()];
    for (const queue of this.#semiSync.values()) waiting.push(...queue.drain());
    this.#semiSync.clear();
    waiting.sort((a, b) => a.index - b.index);
    for (const write of waiting) {
      if (write.index <= this.#early.settledTo) write.reject(errorOfApplied());
      else if (!write.settled) this.#commit.push(write);
    }
  }

  #semiSyncQueue(others: number): Deque<PendingWrite> {
    let queue = this.#semiSync.get(others);
    if (queue === undefined) this.#semiSync.set(others, (queue = new Deque()));
    return queue;
  }

  /** Acknowledges a write that is durable here and not known to be committed. */
  #acknowledgeEarly(write: PendingWrite, replicas: number, degraded: boolean): void {
    this.#early.note(write.index, write.term, true);
    write.resolve({ ...this.#receipt(write, replicas), degraded });
  }

  #receipt(write: PendingWrite, replicas: number): WriteReceipt {
    return {
      index: write.index as LogIndex,
      term: write.term as Term,
      durability: this.#durability,
      replicas,
      degraded: false,
      reply: undefined,
    };
  }
}
