import type { HardState, LogEntry, LogIndex, NodeId, Random, SnapshotMetadata, Term } from '@quorate/core';
import type { Effects, RaftWrite } from '../../src/raft/effects.ts';
import { entryKind } from '../../src/raft/entry-kind.ts';
import { decodeMembership, encodeMembership } from '../../src/raft/membership-codec.ts';
import type { Membership } from '../../src/raft/membership.ts';
import type { RaftMessage } from '../../src/raft/raft-message.ts';
import { Raft } from '../../src/raft/raft.ts';
import type { StoredLog } from '../../src/raft/stored-log.ts';
import { entryText, hardStateText, messageText, roleText, snapshotText } from './etcd-text.ts';

/** How the transcripts set a node up. */
export interface EtcdNodeOptions {
  readonly id: NodeId;
  readonly membership: Membership;
  readonly index: number;
  readonly inflightMax: number;
  readonly preVote: boolean;
  readonly checkQuorum: boolean;
  readonly leaseReads: boolean;
  readonly asyncWrites: boolean;
  readonly stepDownOnRemoval: boolean;
  readonly uncheckedMembershipChanges: boolean;
  /** Entries that are applied with one Ready; 0 for no limit. */
  readonly applyMax: number;
}

/** What is on a node's way: a message, or what its own disk or machine has to tell it. */
export type Parcel =
  | { readonly to: NodeId; readonly message: RaftMessage }
  | { readonly to: NodeId; readonly local: () => void };

/** etcd's election timeouts are random and the transcripts do not depend on them: the longest there is. */
const latest: Random = {
  uint32: () => 0xffff_ffff,
  float: () => 1 - 2 ** -53,
  below: bound => bound - 1,
  bytes: count => new Uint8Array(count),
  fork: () => latest,
};

/** One node of a transcript: our core with etcd's habits, a log in memory, and the harness's handling of a Ready. */
export class EtcdNode {
  readonly raft: Raft;
  readonly appendWork: (() => { printed: readonly string[]; parcels: readonly Parcel[] })[] = [];
  readonly applyWork: (() => readonly Parcel[])[] = [];
  readonly #options: EtcdNodeOptions;
  readonly #released = new Set<RaftMessage>();
  /** What a look whether there is a Ready has taken out already. */
  #effects: Effects | undefined;
  #unapplied: LogEntry[] = [];
  #told = { leader: '0', role: 'StateFollower' };
  #hardState: HardState = { term: 0 as Term, votedFor: undefined, committed: 0 as LogIndex };
  #entries: LogEntry[] = [];
  #first: number;
  #dummyTerm: number;
  #snapshot: SnapshotMetadata;
  #membership: Membership;

  constructor(options: EtcdNodeOptions) {
    this.#options = options;
    this.#first = options.index + 1;
    this.#dummyTerm = options.index === 0 ? 0 : 1;
    this.#membership = options.membership;
    this.#snapshot = this.#snapshotAt(options.index, this.#dummyTerm);
    this.raft = new Raft(
      {
        id: options.id,
        random: latest,
        log: this.#stored(),
        electionTicks: 3,
        heartbeatTicks: 1,
        inflightMax: options.inflightMax,
        preVote: options.preVote,
        checkQuorum: options.checkQuorum,
        leaseReads: options.leaseReads,
        stepDownOnRemoval: options.stepDownOnRemoval ? 'at-once' : 'never',
        uncheckedMembershipChanges: options.uncheckedMembershipChanges,
        appendBytesMax: Number.MAX_SAFE_INTEGER,
        tailBytesMax: 0,
        applyBeforeDurable: !options.asyncWrites,
        membershipChangeBeforeNoop: true,
        eagerAppend: true,
      },
      {
        hardState: undefined,
        last: options.index as LogIndex,
        applied: options.index as LogIndex,
        membership: options.membership,
      },
    );
  }

  get hasReady(): boolean {
    return this.#unapplied.length > 0 || this.#peek() !== undefined;
  }

  /** Handles a Ready. Returns what the harness prints of it, and what goes into the bag. */
  ready(): { readonly printed: readonly string[]; readonly parcels: readonly Parcel[] } {
    const effects = this.#peek();
    this.#effects = undefined;
    const write = effects?.write;
    if (effects?.committed !== undefined)
      this.#queueCommitted(effects.committed.from, effects.committed.to, effects);
    const committed = this.#unapplied.splice(0, this.#options.applyMax || this.#unapplied.length);
    const messages = [...(effects?.messages ?? [])];
    for (const message of write?.releases ?? []) this.#released.add(message);
    const printed = this.#describe(effects, committed, messages);
    const parcels: Parcel[] = messages.map(message => ({ to: message.to, message }));
    if (this.#options.asyncWrites) {
      // etcd asks for votes before its own is durable, which is not safe: our core holds the requests back.
      const early = (write?.releases ?? []).filter(({ type }) => type === 'vote');
      for (const message of early) parcels.push({ to: message.to, message });
      this.#queueWork(effects, committed);
      return { printed, parcels };
    }
    if (write !== undefined) this.#store(write);
    for (const entry of committed) this.#apply(entry);
    for (const message of write?.releases ?? []) parcels.push({ to: message.to, message });
    if (write !== undefined) this.raft.durable(write.token);
    const last = committed.at(-1);
    if (last !== undefined) this.raft.applied(last.index);
    return { printed, parcels };
  }

  logText(): readonly string[] {
    return this.#entries.map(entryText);
  }

  /** Drops entries up to and including `index`, whose term stays known. */
  compact(index: number): void {
    this.#dummyTerm = this.#termAt(index) ?? 0;
    this.#entries = this.#entries.filter(entry => entry.index > index);
    this.#first = index + 1;
  }

  #peek(): Effects | undefined {
    if (this.#effects !== undefined) return this.#effects;
    const effects = this.raft.takeEffects();
    if (effects === undefined) return undefined;
    // What a durable write released was put into the bag when it was written.
    const messages = effects.messages.filter(message => !this.#released.delete(message));
    const { write, committed, roleChange } = effects;
    if (messages.length === 0 && !write && !committed && !roleChange) return this.#peek();
    this.#effects = { ...effects, messages };
    return this.#effects;
  }

  #describe(
    effects: Effects | undefined,
    committed: readonly LogEntry[],
    sent: readonly RaftMessage[],
  ): string[] {
    const write = effects?.write;
    const lines: string[] = [];
    const { leader, role } = this.raft.status();
    const soft = { leader: leader ?? '0', role: roleText(role) };
    if (soft.leader !== this.#told.leader || soft.role !== this.#told.role) {
      lines.push(`Lead:${soft.leader} State:${soft.role}`);
    }
    this.#told = soft;
    if (write?.hardState !== undefined) lines.push(hardStateText(write.hardState));
    if (write !== undefined && write.entries.length > 0)
      lines.push('Entries:', ...write.entries.map(entryText));
    if (write?.snapshot !== undefined) lines.push(`Snapshot ${snapshotText(write.snapshot)}`);
    if (committed.length > 0) lines.push('CommittedEntries:', ...committed.map(entryText));
    const messages = [...sent, ...(write?.releases ?? [])];
    if (messages.length > 0) lines.push('Messages:', ...messages.map(messageText));
    if (lines.length === 0) return [];
    return [`Ready MustSync=${this.#mustSync(write)}:`, ...lines];
  }

  /** etcd syncs neither a snapshot alone nor the commit of a change of membership; we sync both. */
  #mustSync(write: RaftWrite | undefined): boolean {
    if (write === undefined || write.snapshot !== undefined) return false;
    const { hardState = this.#hardState } = write;
    const isNew = hardState.term !== this.#hardState.term || hardState.votedFor !== this.#hardState.votedFor;
    this.#hardState = hardState;
    return write.sync && (isNew || write.entries.length > 0);
  }

  #queueWork(effects: Effects | undefined, committed: readonly LogEntry[]): void {
    const write = effects?.write;
    const id = this.#options.id;
    if (write !== undefined) {
      this.appendWork.push(() => {
        this.#store(write);
        const releases = write.releases.filter(({ type }) => type !== 'vote');
        return {
          printed: releases.map(messageText),
          parcels: [
            ...releases.map(message => ({ to: message.to, message })),
            { to: id, local: () => this.raft.durable(write.token) },
          ],
        };
      });
    }
    const last = committed.at(-1);
    if (last === undefined) return;
    this.applyWork.push(() => {
      for (const entry of committed) this.#apply(entry);
      return [{ to: id, local: () => this.raft.applied(last.index) }];
    });
  }

  #queueCommitted(from: number, to: number, effects: Effects): void {
    const entries =
      effects.committed?.entries ?? this.#entries.filter(({ index }) => index >= from && index <= to);
    this.#unapplied.push(...entries);
  }

  #store(write: NonNullable<Effects['write']>): void {
    if (write.snapshot !== undefined) {
      this.#snapshot = write.snapshot;
      this.#entries = [];
      this.#first = write.snapshot.index + 1;
      this.#dummyTerm = write.snapshot.term;
      this.#membership = decodeMembership(write.snapshot.membership) ?? this.#membership;
    }
    const from = write.truncateFrom;
    if (from !== undefined) this.#entries = this.#entries.filter(entry => entry.index < from);
    this.#entries.push(...write.entries);
  }

  #apply(entry: LogEntry): void {
    if (entry.kind === entryKind.membership)
      this.#membership = this.raft.applyMembership(entry.index, entry.payload);
    this.#snapshot = this.#snapshotAt(entry.index, entry.term);
  }

  #snapshotAt(index: number, term: number): SnapshotMetadata {
    return { index: index as LogIndex, term: term as Term, membership: encodeMembership(this.#membership) };
  }

  #termAt(index: number): number | undefined {
    if (index === this.#first - 1) return this.#dummyTerm;
    return this.#entries[index - this.#first]?.term;
  }

  #stored(): StoredLog {
    return {
      first: () => this.#first as LogIndex,
      snapshot: () => (this.#snapshot.index === 0 ? undefined : this.#snapshot),
      termAt: index => this.#termAt(index) as Term | undefined,
      entries: (from, to) => this.#entries.filter(({ index }) => index >= from && index <= to),
    };
  }
}
