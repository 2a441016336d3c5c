import {
  type Clock,
  type Committed,
  type GroupId,
  type Journal,
  type LogEntry,
  type LogIndex,
  type QuorateError,
  type StateMachine,
  type Term,
  type Timer,
} from '@quorate/core';
import type { CommittedRange } from '../raft/effects.ts';
import { entryKind } from '../raft/entry-kind.ts';
import type { Membership } from '../raft/membership.ts';
import { SessionTable } from '../sessions/session-table.ts';
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
import type { AppliedState } from './applied-state.ts';
import type { EarlyAcks } from './early-acks.ts';
import type { PendingWrite } from './pending-write.ts';
import {
  journalFailed,
  machineFailed,
  replicaFailed,
  replyLost,
  sequenceGap,
  sessionExpired,
  withOutcome,
} from './replica-error.ts';
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
  readonly clock: Clock;
  /** How long it may take in one turn of the event loop, about. */
  readonly turnMs: number;
  applyMembership(index: LogIndex, payload: Uint8Array): Membership;
  /** Everything up to `index` is applied. @param byteCount what these entries take in the log, about */
  onApplied(index: LogIndex, byteCount: number): void;
  onLost(range: EarlyRange): void;
  onFailed(error: QuorateError): void;
}

/** What an entry takes in a log beside its payload, about. */
const entryBytes = 48;
/** How much is read from the journal at once. */
const readBytesMax = 0x4_0000;
/** How many entries are applied between two looks at the time, and in one turn of the event loop at most. */
const batchMax = 512;
const turnMax = 4096;

/**
 * Applies what is committed, in order: sessions and membership here, commands in the state machine, in batches.
 *
 * What is committed in memory is applied at once, as far as a turn of the event loop may take. The rest is read back from the
 * journal, where it is durable, a turn's worth at a time: so neither a long log nor a slow state machine holds up heartbeats,
 * and what waits takes no memory.
 */
export class Applier {
  readonly #context: ApplierContext;
  #sessions: SessionTable;
  #applied: LogIndex;
  /** The state machine began with this: commands up to it are not applied again. */
  #machineApplied: number;
  #membership: Membership;
  /** Up to here entries were looked at; commands among them may still be in the batch. */
  #taken: LogIndex;
  /** Up to here entries are committed. */
  #committed: LogIndex;
  #catchingUp = false;
  /** What of that came in memory and is not applied, about. Nothing up to `#uncountedTo` did. */
  #waitingBytes = 0;
  #uncountedTo = 0;
  #timer: Timer | undefined;
  /** Counts what makes entries that are being read void. */
  #epoch = 0;
  /** Why nothing is applied any more, if so. */
  #over: QuorateError | undefined;
  /** Commands that are about to be applied, with who waits for each. */
  #batch: Committed[] = [];
  #targets: Target[] = [];

  constructor(context: ApplierContext, state: AppliedState) {
    this.#context = context;
    this.#sessions = new SessionTable(state.sessions);
    this.#applied = this.#taken = this.#committed = state.index;
    this.#machineApplied = state.machineApplied;
    this.#membership = state.membership;
  }

  get index(): LogIndex {
    return this.#applied;
  }

  get sessions(): SessionTable {
    return this.#sessions;
  }

  /** How much of what was committed here lately waits to be applied, about, in the log's bytes. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Who takes part as of {@link index}. */
  get membership(): Membership {
    return this.#membership;
  }

  /** More is committed, and durable here. */
  push({ to, entries }: CommittedRange): void {
    if (this.#over !== undefined) return;
    const isNext = this.#applied === this.#committed;
    this.#committed = to;
    let at = 0;
    if (isNext && entries !== undefined) at = this.#applySome(entries, 0);
    if (this.#applied === this.#committed) return;
    if (entries === undefined) this.#uncountedTo = to;
    else for (const { payload } of entries.slice(at)) this.#waitingBytes += payload.length + entryBytes;
    if (!this.#catchingUp) this.#catchUp().catch(error => this.#fail(replicaFailed(error)));
  }

  /** What waits will be handed out again. */
  forget(): void {
    this.#committed = this.#applied;
    this.#waitingBytes = this.#uncountedTo = 0;
    this.#epoch++;
  }

  /** The state machine was put to a snapshot. */
  install(state: AppliedState): void {
    this.#sessions = new SessionTable(state.sessions);
    this.#applied = this.#taken = state.index;
    this.#machineApplied = state.machineApplied;
    this.#membership = state.membership;
    this.forget();
    const { early, writes } = this.#context;
    for (const range of early.replaced(state.index)) this.#context.onLost(range);
    early.settledTo = state.index;
    writes.replaced(state.index);
  }

  /** Applies nothing more. @param reason what those are told whose entries were taken on, as unknown */
  end(reason: QuorateError): void {
    this.#over ??= reason;
    this.#timer?.cancel();
    this.forget();
    this.#flush();
  }

  async #catchUp(): Promise<void> {
    this.#catchingUp = true;
    while (this.#applied < this.#committed) {
      await this.#nextTurn();
      const epoch = this.#epoch;
      const entries = await this.#read();
      for (let at = 0; at < entries.length && epoch === this.#epoch; ) {
        const from = at;
        at = this.#applySome(entries, from);
        for (const { index, payload } of entries.slice(from, at)) {
          if (index > this.#uncountedTo) this.#waitingBytes -= payload.length + entryBytes;
        }
        if (at < entries.length) await this.#nextTurn();
      }
    }
    this.#catchingUp = false;
    this.#waitingBytes = 0;
  }

  /** Lets everything else have a turn. */
  #nextTurn(): Promise<void> {
    return new Promise(resolve => {
      this.#timer = this.#context.clock.setTimer(0, resolve);
    });
  }

  async #read(): Promise<readonly LogEntry[]> {
    const { journal, group } = this.#context;
    const epoch = this.#epoch;
    if (this.#applied === this.#committed) return [];
    const [from, end] = [this.#applied + 1, this.#committed + 1] as [LogIndex, LogIndex];
    try {
      return await journal.read(group, from, end, { bytesMax: readBytesMax });
    } catch (error) {
      // What was compacted or replaced meanwhile is not needed any more.
      if (epoch === this.#epoch) this.#fail(journalFailed(error));
      return [];
    }
  }

  /** Applies entries from number `at` on, as many as a turn may take. @returns how far it came */
  #applySome(entries: readonly LogEntry[], at: number): number {
    const { clock, turnMs } = this.#context;
    const end = Math.min(entries.length, at + turnMax);
    if (end - at <= batchMax) {
      this.#apply(entries, at, end);
      return end;
    }
    const untilMs = clock.monotonicMs() + turnMs;
    let next = at;
    while (next < end && this.#over === undefined && (next === at || clock.monotonicMs() < untilMs)) {
      const from = next;
      next = Math.min(end, from + batchMax);
      this.#apply(entries, from, next);
    }
    return next;
  }

  #apply(entries: readonly LogEntry[], from: number, end: number): void {
    let bytes = 0;
    for (let at = from; at < end && this.#over === undefined; at++) {
      const entry = entries[at] as LogEntry;
      bytes += entry.payload.length + entryBytes;
      this.#take(entry);
    }
    this.#flush();
    if (this.#over === undefined) this.#context.onApplied(this.#applied, bytes);
  }

  #take(entry: LogEntry): void {
    const { early, writes } = this.#context;
    const { index, term } = entry;
    if (index >= early.from || term > early.fromTerm) this.#settleEarly(index, term);
    const write = index >= writes.nextIndex ? writes.take(index, term) : undefined;
    if (entry.kind === entryKind.command) this.#command(entry, write);
    else {
      if (entry.kind === entryKind.membership) this.#changeMembership(entry);
      if (write !== undefined) this.#target(0, 0, write);
    }
    this.#taken = index;
  }

  #settleEarly(index: LogIndex, term: Term): void {
    const lost = this.#context.early.committed(index, term);
    if (lost.length === 0) return;
    // Whoever hears of it finds a state that is of one piece.
    this.#flush();
    for (const range of lost) this.#context.onLost(range);
  }

  #changeMembership({ index, payload }: LogEntry): void {
    this.#flush();
    if (this.#over !== undefined) return;
    this.#membership = this.#context.applyMembership(index, payload);
  }

  #command({ index, term, payload }: LogEntry, write: PendingWrite | undefined): void {
    const bodyAt = payloadBodyAt(payload);
    if (bodyAt === undefined) {
      if (write !== undefined) this.#target(0, 0, write);
      this.#fail(machineFailed('read an entry', new Error(`Entry ${index} is none of this version`)));
      return;
    }
    const sessions = this.#sessions;
    const leaderTimeMs = payloadTimeMs(payload);
    sessions.advance(term, leaderTimeMs, payloadElapsedMs(payload));
    const type = payloadTypeOf(payload);
    if (type === payloadTypes.command) {
      this.#add({ index, term, leaderTimeMs, command: payloadCommand(payload, bodyAt) }, 0, 0, write);
      return;
    }
    const session = payloadSession(payload, bodyAt);
    switch (type) {
      case payloadTypes.sessionCommand: {
        const committed = { index, term, leaderTimeMs, command: payloadCommand(payload, bodyAt) };
        const sequence = payloadSequence(payload, bodyAt);
        const verdict = sessions.begin(session, sequence, payloadSettled(payload, bodyAt));
        if (verdict === 'fresh') this.#add(committed, session, sequence, write);
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
  #add(committed: Committed, session: number, sequence: number, write: PendingWrite | undefined): void {
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

  /** Applies the batch and settles whoever waits for it: the state is that of everything that was taken then. */
  #flush(): void {
    const batch = this.#batch;
    const targets = this.#targets;
    if (targets.length > 0) {
      this.#batch = [];
      this.#targets = [];
      const replies = this.#run(batch);
      if (replies === undefined) return this.#rejectAll(targets);
      this.#reply(targets, replies);
    }
    if (this.#over !== undefined) return;
    this.#applied = this.#taken;
    this.#context.early.settledTo = this.#applied;
  }

  /** Undefined where the state machine is not to be asked, or fails. */
  #run(batch: readonly Committed[]): readonly Uint8Array[] | undefined {
    if (this.#over !== undefined) return undefined;
    if (batch.length === 0) return [];
    try {
      const replies = this.#context.machine.apply(batch);
      if (replies.length === batch.length) return replies;
      throw new Error(`${batch.length} commands were given ${replies.length} replies`);
    } catch (error) {
      this.#fail(machineFailed('apply a command', error));
      return undefined;
    }
  }

  #reply(targets: readonly Target[], replies: readonly Uint8Array[]): void {
    const { writes, matches } = this.#context;
    for (let number = 0; number < targets.length; number++) {
      const { at, session, sequence, write } = targets[number] as Target;
      const reply = at < 0 ? undefined : replies[at];
      if (session !== 0 && reply !== undefined) this.#sessions.reply(session, sequence, reply);
      if (write !== undefined) writes.applied(write, reply, matches);
    }
  }

  #rejectAll(targets: readonly Target[]): void {
    const reason = withOutcome(this.#over as QuorateError, 'unknown');
    for (const { write } of targets) write?.reject(reason);
  }

  #fail(error: QuorateError): void {
    this.end(error);
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
