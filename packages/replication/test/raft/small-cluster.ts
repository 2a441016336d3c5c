import type { HardState, LogEntry, LogIndex, NodeId, SnapshotMetadata, Term } from '@quorate/core';
import { seededRandom } from '@quorate/core';
import type { Effects, RaftWrite } from '../../src/raft/effects.ts';
import { entryKind } from '../../src/raft/entry-kind.ts';
import { encodeMembership } from '../../src/raft/membership-codec.ts';
import { emptyMembership, type Membership } from '../../src/raft/membership.ts';
import type { RaftMessage } from '../../src/raft/raft-message.ts';
import type { RaftOptions } from '../../src/raft/raft-options.ts';
import { Raft } from '../../src/raft/raft.ts';

/** Names the members that the tests speak of. */
export function ids(names: string): NodeId[] {
  return names.split('') as NodeId[];
}

export function voters(names: string, others: Partial<Membership> = {}): Membership {
  return { ...emptyMembership, voters: ids(names), ...others };
}

/** A log that holds entries of these terms, from index 1 on. */
export function logOf(terms: readonly number[]): LogEntry[] {
  return terms.map((term, at) => ({
    index: (at + 1) as LogIndex,
    term: term as Term,
    kind: entryKind.command,
    payload: Uint8Array.of(term),
  }));
}

export interface MemberOptions extends Partial<Omit<RaftOptions, 'id' | 'log'>> {
  readonly terms?: readonly number[];
  readonly hardState?: { readonly term: number; readonly votedFor?: string; readonly committed?: number };
  readonly membership?: Membership;
  readonly applied?: number;
  /** Entries are read from disk by fetching only. */
  readonly fetching?: boolean;
}

/** One core whose disk works at once, or when told to. */
export class Member {
  readonly raft: Raft;
  entries: LogEntry[];
  hardState: HardState | undefined;
  snapshot: SnapshotMetadata | undefined;
  first = 1;
  /** While set, writes wait in `writes` until `sync` is called. */
  slowDisk = false;
  writes: RaftWrite[] = [];
  applied: LogEntry[] = [];
  /** Everything that came out, for the tests to look at. */
  seen: Effects[] = [];

  constructor(id: string, options: MemberOptions = {}) {
    const {
      terms = [],
      hardState,
      fetching = false,
      membership = voters('abc'),
      applied = 0,
      ...raftOptions
    } = options;
    this.entries = logOf(terms);
    this.hardState =
      hardState === undefined
        ? undefined
        : {
            term: hardState.term as Term,
            votedFor: hardState.votedFor as NodeId | undefined,
            committed: (hardState.committed ?? 0) as LogIndex,
          };
    this.raft = new Raft(
      {
        preVote: false,
        checkQuorum: false,
        random: seededRandom(id),
        ...raftOptions,
        id: id as NodeId,
        log: {
          first: () => this.first as LogIndex,
          snapshot: () => this.snapshot,
          termAt: index =>
            index === this.snapshot?.index ? this.snapshot.term : this.entries[index - this.first]?.term,
          ...(fetching
            ? {}
            : { entries: (from, to) => this.entries.slice(from - this.first, to - this.first + 1) }),
        },
      },
      {
        hardState: this.hardState,
        last: terms.length as LogIndex,
        applied: applied as LogIndex,
        membership,
      },
    );
  }

  /** Does what the core wants done. Returns the messages that leave. */
  flush(): RaftMessage[] {
    const messages: RaftMessage[] = [];
    for (let effects = this.raft.takeEffects(); effects !== undefined; effects = this.raft.takeEffects()) {
      this.seen.push(effects);
      messages.push(...effects.messages);
      if (effects.write !== undefined) {
        this.writes.push(effects.write);
        if (!this.slowDisk) this.sync();
      }
      const range = effects.committed;
      const { first } = this;
      const stored = range === undefined ? [] : this.entries.slice(range.from - first, range.to - first + 1);
      for (const entry of range?.entries ?? stored) {
        if (entry.kind === entryKind.membership) this.raft.applyMembership(entry.index, entry.payload);
        this.applied.push(entry);
      }
      if (range !== undefined) this.raft.applied(range.to);
    }
    return messages;
  }

  /** The disk finishes its oldest writes. */
  sync(count = this.writes.length): void {
    for (const write of this.writes.splice(0, count)) {
      if (write.snapshot !== undefined) {
        this.snapshot = write.snapshot;
        this.entries = [];
        this.first = write.snapshot.index + 1;
      }
      const from = write.truncateFrom;
      if (from !== undefined) this.entries = this.entries.slice(0, from - this.first);
      this.entries.push(...write.entries);
      this.hardState = write.hardState ?? this.hardState;
      this.raft.durable(write.token);
    }
  }

  /** Takes a snapshot at `index` and drops everything up to it. */
  compact(index: number): void {
    const term = this.raft.termAt(index as LogIndex);
    if (term === undefined) throw new Error(`No entry ${index}`);
    this.snapshot = { index: index as LogIndex, term, membership: encodeMembership(this.raft.membership) };
    this.entries = this.entries.filter(entry => entry.index > index);
    this.first = index + 1;
  }

  propose(...values: number[]): void {
    this.raft.propose(values.map(value => ({ kind: entryKind.command, payload: Uint8Array.of(value) })));
  }

  /** The terms of the whole log, as the core sees it. */
  get terms(): (number | undefined)[] {
    return Array.from({ length: this.raft.status().last }, (_, at) => this.raft.termAt((at + 1) as LogIndex));
  }
}

/** Members and the wires between them, which carry a message at once unless they are cut. */
export class SmallCluster {
  readonly members: ReadonlyMap<string, Member>;
  /** `from>to` for each wire that loses everything. */
  readonly cut = new Set<string>();

  constructor(members: Readonly<Record<string, Member>>) {
    this.members = new Map(Object.entries(members));
  }

  static of(names: string, options: MemberOptions = {}): SmallCluster {
    const list = ids(names).map(
      id => [id, new Member(id, { membership: voters(names), ...options })] as const,
    );
    return new SmallCluster(Object.fromEntries(list));
  }

  at(id: string): Member {
    const member = this.members.get(id);
    if (member === undefined) throw new Error(`No member is called ${id}`);
    return member;
  }

  isolate(id: string): void {
    for (const other of this.members.keys()) {
      this.cut.add(`${id}>${other}`);
      this.cut.add(`${other}>${id}`);
    }
  }

  heal(): void {
    this.cut.clear();
  }

  /** Carries messages until there are none. */
  settle(): void {
    for (let round = 0; round < 200; round++) {
      const messages = [...this.members.values()].flatMap(member => member.flush());
      if (messages.length === 0) return;
      for (const message of messages) {
        if (!this.cut.has(`${message.from}>${message.to}`)) this.members.get(message.to)?.raft.step(message);
      }
    }
    throw new Error('Messages without end');
  }

  elect(id: string): void {
    // Nobody campaigns before it has applied what it knows to be committed.
    this.settle();
    this.at(id).raft.campaign();
    this.settle();
    if (!this.at(id).raft.isLeader) throw new Error(`${id} was not elected`);
  }

  tick(ids: string, count = 1): void {
    for (let tick = 0; tick < count; tick++) {
      for (const id of ids) this.at(id).raft.tick();
      this.settle();
    }
  }
}

/** Whatever a message may carry, and what it may not. */
export interface MessageFields {
  readonly from?: string;
  readonly to?: string;
  readonly term?: number;
  readonly index?: number;
  readonly logTerm?: number;
  readonly commit?: number;
  readonly commitTerm?: number;
  readonly round?: number;
  readonly request?: number;
  readonly hint?: number;
  readonly hintTerm?: number;
  readonly rejected?: boolean;
  readonly transfer?: boolean;
  readonly entries?: readonly unknown[];
  readonly snapshot?: unknown;
}

/** A message with what matters set, and the rest as nothing. From b to a in term 1 unless said otherwise. */
export function message(type: RaftMessage['type'], fields: MessageFields): RaftMessage {
  const defaults = {
    append: { index: 0, logTerm: 0, commit: 0, entries: [] },
    'append-reply': { index: 0, rejected: false, hint: 0, hintTerm: 0 },
    heartbeat: { commit: 0, round: 1 },
    'heartbeat-reply': { round: 1 },
    vote: { index: 0, logTerm: 0, transfer: false },
    'pre-vote': { index: 0, logTerm: 0, transfer: false },
    'vote-reply': { rejected: false, commit: 0, commitTerm: 0 },
    'pre-vote-reply': { rejected: false, commit: 0, commitTerm: 0 },
    snapshot: {},
    'timeout-now': {},
    'read-index': { request: 1 },
    'read-index-reply': { request: 1, index: 0 },
  }[type];
  return { type, from: 'b', to: 'a', term: 1, ...defaults, ...fields } as unknown as RaftMessage;
}
