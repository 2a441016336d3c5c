import type { LogIndex, NodeId, QuorateError } from '@quorate/core';
import { entryKind, type Proposal } from '../raft/entry-kind.ts';
import type { Raft } from '../raft/raft.ts';
import type { PendingWrite } from './pending-write.ts';
import { NotLeaderError, overloaded, transferring } from './replica-error.ts';
import type { WriteBook } from './write-book.ts';

/** What was written in this turn, with who waits for each entry. */
export class ProposalQueue {
  readonly #self: NodeId;
  readonly #writes: WriteBook;
  #proposals: Proposal[] = [];
  #waiting: PendingWrite[] = [];

  constructor(self: NodeId, writes: WriteBook) {
    this.#self = self;
    this.#writes = writes;
  }

  add(payload: Uint8Array, write: PendingWrite): void {
    this.#proposals.push({ kind: entryKind.command, payload });
    this.#waiting.push(write);
  }

  /** Hands everything to the core at once. Returns whether there was anything. */
  propose(raft: Raft): boolean {
    if (this.#proposals.length === 0) return false;
    const outcome = raft.propose(this.#proposals);
    const waiting = this.#take();
    if (outcome.accepted) {
      let index: number = outcome.first;
      for (const write of waiting) this.#writes.add(write, index++ as LogIndex, outcome.term);
      return true;
    }
    for (const write of waiting) {
      if (outcome.refused === 'not-leader') write.reject(new NotLeaderError(this.#self, outcome.leader));
      else if (outcome.refused === 'transferring') write.reject(transferring(this.#self));
      else write.reject(overloaded('its bytes are at their limit'));
    }
    return true;
  }

  /** Refuses what was not handed over. */
  rejectAll(error: QuorateError): void {
    for (const write of this.#take()) write.reject(error);
  }

  #take(): readonly PendingWrite[] {
    const waiting = this.#waiting;
    this.#proposals = [];
    this.#waiting = [];
    return waiting;
  }
}
