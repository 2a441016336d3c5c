import {
  type Committed,
  type GroupId,
  type Journal,
  type LogEntry,
  type LogIndex,
  type QuorateError,
  type StateMachine,
} from '@quorate/core';
import type { CommittedRange } from '../raft/effects.ts';
import { entryKind } from '../raft/entry-kind.ts';
import type { Membership } from '../raft/membership.ts';
import { SessionTable, type SessionTableState } from '../sessions/session-table.ts';
import {
  payloadBodyAt,
  payloadCommand,
  payloadElapsedMs,
  payloadSequence,
  payloadSession,
  payloadSettled,
  payloadTimeMs,
  payloadTypeOf,
  payloadTypes,
} from '../wire/entry-payload.ts';
import type { EarlyAcks } from './early-acks.ts';
import type { PendingWrite } from './pending-write.ts';
import { journalFailed, machineFailed, replyLost, sequenceGap, sessionExpired } from './replica-error.ts';
import type { EarlyRange } from './replica-event.ts';
import type { Matches, WriteBook } from './write-book.ts';

/** What the applier works on, and whom it tells. */
export interface ApplierContext {
  readonly group: GroupId;
  readonly journal: Journal;
  readonly machine: StateMachine;
  readonly writes: WriteBook;
  readonly early: EarlyAcks;
  readonly matches: Matches;
  applyMembership(index: LogIndex, payload: Uint8Array): Membership;
  /** Everything up to `index` is applied. @param byteCount what these entries take in the log, about */
  onApplied(index: LogIndex, byteCount: number): void;
  onLost(range: EarlyRange): void;
  onFailed(error: QuorateError): void;
}

/** What an entry takes in a log beside its payload, about. */
const entryBytes = 48;
/** How much is read from the journal at once. */
const readBytesMax = 0x10_0000;

/**
 * Applies what is committed, in order: sessions and membership here, commands in the state machine, in batches. What is in
 * memory is applied at once, what is not is read from the journal first.
 */
export class Applier {
  readonly #context: ApplierContext;
  #sessions: SessionTable;
  #applied: LogIndex;
  /** The state machine began with this: commands up to it are not applied again. */
  #machineApplied: number;
  #membership: Membership;
  #ranges: CommittedRange[] = [];
  #reading = false;
  /** Counts what makes the ranges that wait void. */
  #epoch = 0;
  #ended = false;
  /** Commands that are about to be applied, with who waits for each. */
  #batch: Committed[] = [];
  #targets: Target[] = [];

  constructor(context: ApplierContext, state: AppliedState) {
    this.#context = context;
    this.#sessions = new SessionTable(state.sessions);
    this.#applied = state.index;
    this.#machineApplied = state.machineApplied;
    this.#membership = state.membership;
  }

  get index(): LogIndex {
    return this.#applied;
  }

  get sessions(): SessionTable {
    return this.#sessions;
  }

  /** Who takes part as of {@link index}. */
  get membership(): Membership {
    return this.#membership;
  }

  push(range: CommittedRange): void {
    if (this.#ended) return;
    if (range.entries !== undefined && !this.#reading && this.#ranges.length === 0) {
      this.#apply(range.entries);
      return;
    }
    this.#ranges.push(range);
    if (!this.#reading) void this.#read();
  }

  /** What waits will be handed out again. */
  forget(): void {
    this.#ranges = [];
    this.#epoch++;
  }

  /** The state machine was put to a snapshot. */
  install(state: AppliedState): void {
    this.forget();
    this.#sessions = new SessionTable(state.sessions);
    this.#applied = state.index;
    this.#machineApplied = state.machineApplied;
    this.#membership = state.membership;
    const { early, writes } = this.#context;
    for (const range of early.replaced(state.index)) this.#context.onLost(range);
    early.settledTo = state.index;
    writes.replaced(state.index);
  }

  end(): void {
    this.#ended = true;
    this.forget();
  }

  async #read(): Promise<void> {
    this.#reading = true;
    const epoch = this.#epoch;
    try {
      for (let range = this.#ranges.shift(); range !== undefined; range = this.#ranges.shift()) {
        if (range.entries !== undefined) this.#apply(range.entries);
        else await this.#readRange(range, epoch);
        if (epoch !== this.#epoch) break;
      }
    } catch (error) {
      // What was compacted or replaced meanwhile is not needed any more.
      if (epoch === this.#epoch && !this.#ended) this.#context.onFailed(journalFailed(error));
    }
    this.#reading = false;
    if (this.#ranges.length > 0) void this.#read();
  }

  async #readRange(range: CommittedRange, epoch: number): Promise<void> {
    const { journal, group } = this.#context;
    const end = (range.to + 1) as LogIndex;
    for (let from = range.from; from < end; ) {
      const entries = await journal.read(group, from, end, { bytesMax: readBytesMax });
      if (epoch !== this.#epoch) return;
      this.#apply(entries);
      from = (from + entries.length) as LogIndex;
    }
  }

  #apply(entries: readonly LogEntry[]): void {
    const { early, writes } = this.#context;
    let bytes = 0;
    for (let at = 0; at < entries.length && !this.#ended; at++) {
      const entry = entries[at] as LogEntry;
      const { index, term, payload } = entry;
      bytes += payload.length + entryBytes;
      if (index >= early.from || term > early.fromTerm) {
        for (const range of early.committed(index, term)) this.#context.onLost(range);
      }
      const write = index >= writes.nextIndex ? writes.take(index, term) : undefined;
      if (entry.kind === entryKind.command) this.#command(entry, write);
      else {
        if (entry.kind === entryKind.membership) this.#changeMembership(entry);
        if (write !== undefined) this.#target(0, 0, write);
      }
      this.#applied = index;
    }
    early.settledTo = this.#applied;
    this.#flush();
    if (!this.#ended) this.#context.onApplied(this.#applied, bytes);
  }

  #changeMembership({ index, payload }: LogEntry): void {
    this.#membership = this.#context.applyMembership(index, payload);
  }

  #command({ index, term, payload }: LogEntry, write: PendingWrite | undefined): void {
    const bodyAt = payloadBodyAt(payload);
    if (bodyAt === undefined) {
      this.#fail(machineFailed('read an entry', new Error(`Entry ${index} is none of this version`)));
      return;
    }
    const sessions = this.#sessions;
    const leaderTimeMs = payloadTimeMs(payload);
    sessions.advance(term, leaderTimeMs, payloadElapsedMs(payload));
    const type = payloadTypeOf(payload);
    if (type === payloadTypes.command) {
      this.#run({ index, term, leaderTimeMs, command: payloadCommand(payload, bodyAt) }, 0, 0, write);
      return;
    }
    const session = payloadSession(payload, bodyAt);
    switch (type) {
      case payloadTypes.sessionCommand: {
        const committed = { index, term, leaderTimeMs, command: payloadCommand(payload, bodyAt) };
        const sequence = payloadSequence(payload, bodyAt);
        const verdict = sessions.begin(session, sequence, payloadSettled(payload, bodyAt));
        if (verdict === 'fresh') this.#run(committed, session, sequence, write);
        else if (write !== undefined) this.#answerAgain(write, verdict, session, sequence);
        return;
      }
      case payloadTypes.openSession:
        sessions.open(index, session);
        break;
      case payloadTypes.closeSession:
        sessions.close(session);
        break;
      case payloadTypes.keepSession:
        if (!sessions.keep(session)) {
          write?.reject(sessionExpired(session));
          return;
        }
        break;
    }
    if (write !== undefined) this.#target(0, 0, write);
  }

  /** Lets the state machine have a command, with the batch. */
  #run(committed: Committed, session: number, sequence: number, write: PendingWrite | undefined): void {
    // After a restart the state machine has what it stored; only the sessions are made again, without the replies.
    if (committed.index <= this.#machineApplied) {
      if (write !== undefined) this.#target(0, 0, write);
      return;
    }
    this.#batch.push(committed);
    this.#targets.push({ at: this.#batch.length - 1, session, sequence, write });
  }

  /** A retry. What it repeats may still be in the batch. */
  #answerAgain(
    write: PendingWrite,
    verdict: 'duplicate' | 'settled' | 'gap' | 'gone',
    session: number,
    sequence: number,
  ): void {
    if (verdict === 'gone') write.reject(sessionExpired(session));
    else if (verdict === 'gap') write.reject(sequenceGap(session, sequence));
    else {
      this.#flush();
      const reply = verdict === 'duplicate' ? this.#sessions.replyOf(session, sequence) : undefined;
      if (reply === undefined) write.reject(replyLost(session, sequence));
      else this.#context.writes.applied(write, reply, this.#context.matches);
    }
  }

  /** Somebody waits for an entry that is no command of the state machine; in its turn with those that are. */
  #target(session: number, sequence: number, write: PendingWrite): void {
    this.#targets.push({ at: -1, session, sequence, write });
  }

  #flush(): void {
    const batch = this.#batch;
    const targets = this.#targets;
    if (targets.length === 0 || this.#ended) return;
    this.#batch = [];
    this.#targets = [];
    let replies: readonly Uint8Array[] = [];
    if (batch.length > 0) {
      try {
        replies = this.#context.machine.apply(batch);
        if (replies.length !== batch.length) {
          throw new Error(`${batch.length} commands were given ${replies.length} replies`);
        }
      } catch (error) {
        for (const { write } of targets) write?.reject(machineFailed('apply a command', error));
        this.#fail(machineFailed('apply a command', error));
        return;
      }
    }
    const { writes, matches } = this.#context;
    for (let number = 0; number < targets.length; number++) {
      const { at, session, sequence, write } = targets[number] as Target;
      const reply = at < 0 ? undefined : replies[at];
      if (session !== 0 && reply !== undefined) this.#sessions.reply(session, sequence, reply);
      if (write !== undefined) writes.applied(write, reply, matches);
    }
  }

  #fail(error: QuorateError): void {
    this.end();
    this.#context.onFailed(error);
  }
}

/** What happens with one reply. */
interface Target {
  /** Which of the batch it is, -1 where it is none. */
  readonly at: number;
  /** 0 where there is none. */
  readonly session: number;
  readonly sequence: number;
  readonly write: PendingWrite | undefined;
}

/** A state, and what it is the state of. */
export interface AppliedState {
  readonly index: LogIndex;
  readonly machineApplied: LogIndex;
  readonly membership: Membership;
  readonly sessions: SessionTableState;
}
