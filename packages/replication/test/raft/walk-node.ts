import type { HardState, LogEntry, LogIndex, NodeId, Random, SnapshotMetadata, Term } from '@quorate/core';
import type { Effects, RaftWrite } from '../../src/raft/effects.ts';
import { entryKind } from '../../src/raft/entry-kind.ts';
import { encodeMembership } from '../../src/raft/membership-codec.ts';
import { emptyMembership, type Membership } from '../../src/raft/membership.ts';
import type { RaftOptions } from '../../src/raft/raft-options.ts';
import { Raft } from '../../src/raft/raft.ts';
import type { WalkChecks } from './walk-checks.ts';

/** What survives a crash of a node. */
export interface Durable {
  hardState: HardState | undefined;
  snapshot: SnapshotMetadata | undefined;
  /** Entries from `first` on. */
  entries: LogEntry[];
  first: number;
}

/** A replica with a disk that works when it is told to, and a machine that only checks. */
export class WalkNode {
  readonly id: NodeId;
  raft: Raft;
  up = true;
  ticks = 0;
  readonly durable: Durable;
  /** Writes under way, oldest first. */
  writes: RaftWrite[] = [];
  committed: NonNullable<Effects['committed']>[] = [];
  fetches: Effects['fetches'][number][] = [];
  applied: number;
  membership: Membership;
  readonly #checks: WalkChecks;
  readonly #random: Random;
  readonly #options: Partial<RaftOptions>;
  #starts = 0;

  constructor(
    id: NodeId,
    voters: Membership | undefined,
    options: Partial<RaftOptions>,
    random: Random,
    checks: WalkChecks,
  ) {
    this.id = id;
    this.#checks = checks;
    this.#random = random;
    this.#options = options;
    // The founding members begin with the same snapshot, so that nobody else can be one.
    const snapshot =
      voters === undefined
        ? undefined
        : { index: 1 as LogIndex, term: 1 as Term, membership: encodeMembership(voters) };
    this.durable = { hardState: undefined, snapshot, entries: [], first: snapshot === undefined ? 1 : 2 };
    this.applied = snapshot?.index ?? 0;
    this.membership = voters ?? emptyMembership;
    this.raft = this.#start();
  }

  get storedLast(): number {
    return this.durable.first + this.durable.entries.length - 1;
  }

  /** Everything that was not durable is gone; some of it may have become durable without anybody hearing of it. */
  crash(): void {
    this.up = false;
    const persisted = this.#random.below(this.writes.length + 1);
    for (const write of this.writes.slice(0, persisted)) this.#store(write);
    this.writes = [];
    this.committed = [];
    this.fetches = [];
  }

  restart(): void {
    this.up = true;
    this.applied = this.durable.snapshot?.index ?? 0;
    this.membership = this.#checks.membershipAt(this.applied);
    this.raft = this.#start();
  }

  /** The disk finishes its oldest write. */
  finishWrite(): void {
    const write = this.writes.shift();
    if (write === undefined) return;
    this.#store(write);
    if (write.snapshot !== undefined) {
      const { index } = write.snapshot;
      this.applied = Math.max(this.applied, index);
      // What was handed out before is in the snapshot.
      this.committed = this.committed.filter(({ to }) => to > index);
      this.membership = this.#checks.membershipAt(this.applied);
    }
    this.raft.durable(write.token);
  }

  /** The machine applies the oldest range that was handed out. */
  applyNext(): void {
    const range = this.committed.shift();
    if (range === undefined) return;
    const entries = range.entries ?? this.stored(range.from, range.to);
    for (const entry of entries) {
      if (entry.index <= this.applied) continue;
      this.#checks.applies(this, entry);
      if (entry.kind === entryKind.membership)
        this.membership = this.raft.applyMembership(entry.index, entry.payload);
      this.applied = entry.index;
      this.#checks.knowsMembership(entry.index, this.membership);
    }
    this.raft.applied(range.to);
  }

  /** A fetch is answered, or its entries are gone by now. */
  answerFetch(): void {
    const fetch = this.fetches.shift();
    if (fetch === undefined) return;
    const gone = fetch.from < this.durable.first;
    const entries = this.stored(fetch.from, Math.min(fetch.to, this.storedLast)).slice(0, 3);
    this.raft.entriesRead(fetch.peer, fetch.from, gone ? undefined : entries);
  }

  /** Takes a snapshot of what is applied and drops the entries behind it. */
  compact(keep: number): void {
    const index = Math.min(this.applied, this.storedLast);
    const snapshotIndex = this.durable.snapshot?.index ?? 0;
    const term = this.#termAt(index);
    // Applied before it was durable: the disk may still hold another entry in its place.
    if (term !== this.raft.termAt(index as LogIndex)) return;
    if (
      index <= snapshotIndex ||
      term === undefined ||
      this.writes.some(write => write.snapshot !== undefined)
    )
      return;
    this.durable.snapshot = {
      index: index as LogIndex,
      term: term as Term,
      membership: encodeMembership(this.#checks.membershipAt(index)),
    };
    const first = Math.max(this.durable.first, index + 1 - keep);
    this.durable.entries = this.durable.entries.slice(first - this.durable.first);
    this.durable.first = first;
    this.raft.snapshotTaken();
  }

  stored(from: number, to: number): readonly LogEntry[] {
    if (from < this.durable.first) return [];
    return this.durable.entries.slice(from - this.durable.first, to - this.durable.first + 1);
  }

  #start(): Raft {
    this.#starts++;
    const snapshot = this.durable.snapshot;
    return new Raft(
      {
        ...this.#options,
        id: this.id,
        random: this.#random.fork(`${this.id} ${this.#starts}`),
        log: {
          first: () => this.durable.first as LogIndex,
          snapshot: () => this.durable.snapshot,
          termAt: index => this.#termAt(index) as Term | undefined,
        },
      },
      {
        hardState: this.durable.hardState,
        last: Math.max(this.storedLast, snapshot?.index ?? 0) as LogIndex,
        applied: this.applied as LogIndex,
        membership: this.membership,
      },
    );
  }

  #termAt(index: number): number | undefined {
    const { entries, first, snapshot } = this.durable;
    if (index === snapshot?.index) return snapshot.term;
    return entries[index - first]?.term;
  }

  #store(write: RaftWrite): void {
    const { durable } = this;
    if (write.snapshot !== undefined) {
      durable.snapshot = write.snapshot;
      durable.entries = [];
      durable.first = write.snapshot.index + 1;
    }
    if (write.truncateFrom !== undefined) {
      durable.entries = durable.entries.slice(0, Math.max(0, write.truncateFrom - durable.first));
    }
    const next = write.entries[0]?.index;
    if (next !== undefined && next !== this.storedLast + 1) {
      throw new Error(`Node ${this.id} writes entry ${next} after entry ${this.storedLast}`);
    }
    durable.entries.push(...write.entries);
    if (write.hardState !== undefined) durable.hardState = write.hardState;
  }
}
