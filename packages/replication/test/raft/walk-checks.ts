import type { LogEntry, NodeId } from '@quorate/core';
import type { RaftWrite } from '../../src/raft/effects.ts';
import { emptyMembership, type Membership } from '../../src/raft/membership.ts';
import type { RaftMessage } from '../../src/raft/raft-message.ts';
import type { WalkNode } from './walk-node.ts';

/**
 * The safety properties of Raft (Ongaro 2014, figure 3.2), looked at from outside, after every step of a walk:
 *
 * - election safety: one leader a term;
 * - leader append-only and log matching: an index and a term name one entry, with one entry before it;
 * - leader completeness: a leader has every entry that was committed in earlier terms;
 * - state machine safety: everybody applies the same entry at an index;
 * - durability: nobody acknowledges or votes for what a crash would make it forget;
 * - the commit index never goes back; a read's index covers every write that was acknowledged before it.
 */
export class WalkChecks {
  readonly #leaders = new Map<number, NodeId>();
  readonly #entries = new Map<string, string>();
  readonly #applied = new Map<number, LogEntry>();
  readonly #memberships = new Map<number, Membership>();
  readonly #commits = new Map<WalkNode, { raft: unknown; committed: number }>();
  readonly #readFloors = new Map<string, number>();
  /** The highest index that anybody knew to be committed. */
  committed = 1;
  reads = 0;

  constructor(founding: Membership) {
    this.#memberships.set(1, founding);
  }

  get appliedCount(): number {
    return this.#applied.size;
  }

  membershipAt(index: number): Membership {
    for (let at = index; at > 0; at--) {
      const membership = this.#memberships.get(at);
      if (membership !== undefined) return membership;
    }
    return emptyMembership;
  }

  knowsMembership(index: number, membership: Membership): void {
    const known = this.#memberships.get(index);
    if (known === undefined) this.#memberships.set(index, membership);
    else if (JSON.stringify(known) !== JSON.stringify(membership)) {
      throw new Error(
        `Two memberships at index ${index}: ${JSON.stringify(known)} and ${JSON.stringify(membership)}`,
      );
    }
  }

  becomesLeader(node: WalkNode): void {
    const { term } = node.raft.status();
    const known = this.#leaders.get(term);
    if (known !== undefined && known !== node.id)
      throw new Error(`Two leaders in term ${term}: ${known} and ${node.id}`);
    this.#leaders.set(term, node.id);
    for (const entry of this.#applied.values()) {
      const here = node.raft.termAt(entry.index);
      const compacted = entry.index <= (node.durable.snapshot?.index ?? 0);
      if (here !== entry.term && !(compacted && here === undefined)) {
        throw new Error(
          `Leader ${node.id} of term ${term} lacks committed entry ${entry.index} of term ${entry.term}`,
        );
      }
    }
  }

  writes(node: WalkNode, write: RaftWrite): void {
    for (const entry of write.entries) {
      const before = node.raft.termAt((entry.index - 1) as typeof entry.index);
      const name = `${entry.term}/${entry.index}`;
      // What is before a snapshot is not known here any more.
      const seen = `${entry.kind} ${entry.payload.join(',')}`;
      this.#agree(name, seen);
      if (before !== undefined) this.#agree(`before ${name}`, String(before));
    }
  }

  applies(node: WalkNode, entry: LogEntry): void {
    const known = this.#applied.get(entry.index);
    if (known === undefined) {
      this.#applied.set(entry.index, entry);
    } else if (known.term !== entry.term || String(known.payload) !== String(entry.payload)) {
      throw new Error(`Node ${node.id} applies another entry at ${entry.index}`);
    }
    if (entry.index !== node.applied + 1) {
      throw new Error(`Node ${node.id} applies ${entry.index} after ${node.applied}`);
    }
  }

  /** A message leaves: what it promises has to be on disk. */
  sends(node: WalkNode, message: RaftMessage): void {
    const { hardState, snapshot } = node.durable;
    const termOnDisk = hardState?.term ?? 0;
    if (message.type === 'vote-reply' && !message.rejected) {
      const kept =
        message.term < termOnDisk || (message.term === termOnDisk && hardState?.votedFor === message.to);
      if (!kept) throw new Error(`Node ${node.id} votes before the vote is durable`);
    }
    if (message.type === 'vote') {
      const kept =
        message.term < termOnDisk || (message.term === termOnDisk && hardState?.votedFor === node.id);
      if (!kept) throw new Error(`Node ${node.id} asks for votes in a term that it may forget`);
    }
    if (message.type === 'append-reply' && !message.rejected && message.term >= termOnDisk) {
      const last = Math.max(node.storedLast, snapshot?.index ?? 0);
      if (message.term > termOnDisk || message.index > last) {
        throw new Error(
          `Node ${node.id} acknowledges ${message.index} and holds ${last} in term ${termOnDisk}`,
        );
      }
    }
  }

  observes(node: WalkNode): void {
    const { committed } = node.raft.status();
    const before = this.#commits.get(node);
    if (before !== undefined && before.raft === node.raft && committed < before.committed) {
      throw new Error(`Node ${node.id} commits ${committed} after ${before.committed}`);
    }
    this.#commits.set(node, { raft: node.raft, committed });
    if (committed > this.committed) this.committed = committed;
  }

  asksToRead(node: WalkNode, id: number): void {
    this.#readFloors.set(`${node.id} ${id}`, this.committed);
  }

  answersRead(node: WalkNode, id: number, index: number): void {
    const floor = this.#readFloors.get(`${node.id} ${id}`);
    if (floor === undefined) throw new Error(`Node ${node.id} answers read ${id}, which nobody asked`);
    if (index < floor) throw new Error(`Node ${node.id} reads at ${index} what was written up to ${floor}`);
    this.reads++;
  }

  #agree(name: string, seen: string): void {
    const known = this.#entries.get(name);
    if (known === undefined) this.#entries.set(name, seen);
    else if (known !== seen) throw new Error(`Entry ${name} is ${seen} here and ${known} there`);
  }
}
