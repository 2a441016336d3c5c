import type { GroupId, LogIndex, NodeId, QuorateError, Term } from '@quorate/core';
import type { Effects, RaftWrite, RoleChange, WriteToken } from '../raft/effects.ts';
import { entryKind } from '../raft/entry-kind.ts';
import type { MembershipChange } from '../raft/membership.ts';
import type { MembershipOutcome } from '../raft/proposal-outcome.ts';
import type { RaftMessage } from '../raft/raft-message.ts';
import type { RaftRole } from '../raft/raft-status.ts';
import { Raft } from '../raft/raft.ts';
import { type LeaderMoment, payloadBodyAt, payloadTimeMs } from '../wire/entry-payload.ts';
import { MessageWriter } from '../wire/message-writer.ts';
import { readMessage } from '../wire/read-message.ts';
import { Applier } from './applier.ts';
import { CatchUp } from './catch-up.ts';
import { CommitNews } from './commit-news.ts';
import type { EarlyAcks } from './early-acks.ts';
import { Health } from './health.ts';
import type { LeaderClock } from './leader-clock.ts';
import { LogMatches } from './log-matches.ts';
import { LogWriter } from './log-writer.ts';
import { Outbox } from './outbox.ts';
import type { PendingWrite } from './pending-write.ts';
import { ProposalQueue } from './proposal-queue.ts';
import { raftOptions } from './raft-setup.ts';
import { ReadBook } from './read-book.ts';
import { type Recovered, restoredState } from './recover.ts';
import { journalFailed, NotLeaderError, replicaFailed, storageFull, withOutcome } from './replica-error.ts';
import { ReplicaEvents } from './replica-event.ts';
import type { ResolvedOptions } from './replica-options.ts';
import { SnapshotDesk } from './snapshot-desk.ts';
import { StallWatch } from './stall-watch.ts';
import { Ticker } from './ticker.ts';
import type { Wait } from './wait.ts';
import { WriteBook } from './write-book.ts';

/** Its reactions run as microtasks, without the resource that Node's `queueMicrotask` makes for each. */
const turn = Promise.resolve();
/** How many ticks at once a follower is given: what came after a pause has to be read before it may campaign. */
const followerTicksMax = 2;

/**
 * Runs the core: messages, time, writes and reads go in, and what it asks for is done, in one flush for all that happened in
 * a turn. Everything here is synchronous but the disk.
 */
export class Driver {
  readonly options: ResolvedOptions;
  readonly events: ReplicaEvents = new ReplicaEvents();
  readonly early: EarlyAcks;
  readonly writes: WriteBook;
  readonly reads: ReadBook;
  readonly matches: LogMatches;
  readonly snapshots: SnapshotDesk;
  readonly health: Health;
  readonly applier: Applier;
  readonly ticker: Ticker;
  readonly catchUp: CatchUp;
  raft: Raft;
  role: RaftRole = 'follower';
  term: Term;
  leader: NodeId | undefined;
  /** Why nothing goes on any more, if so. */
  over: QuorateError | undefined;
  malformedMessages = 0;
  readonly #leaderClock: LeaderClock;
  readonly #outbox: Outbox;
  readonly #writer: LogWriter;
  readonly #proposals: ProposalQueue;
  readonly #commitNews: CommitNews = new CommitNews(this);
  #moment: LeaderMoment | undefined;
  #scheduled = false;
  #flushing = false;
  readonly #stalls: StallWatch;
  readonly #onEnd = new Set<(error: QuorateError) => void>();

  constructor(options: ResolvedOptions, recovered: Recovered, early: EarlyAcks, leaderClock: LeaderClock) {
    const { id, group, journal, machine, clock, electionTimeoutMs, tickMs, transport } = options;
    this.options = options;
    this.early = early;
    this.#leaderClock = leaderClock;
    this.raft = new Raft(raftOptions(options), recovered.raft);
    this.term = this.raft.status().term;
    this.health = new Health(clock, electionTimeoutMs);
    this.#stalls = new StallWatch(this, electionTimeoutMs);
    const messages = new MessageWriter(group, transport.capabilities.messageMaxBytes);
    this.#outbox = new Outbox(transport, group, messages);
    this.matches = new LogMatches(() => this.raft.status());
    this.writes = new WriteBook(id, journal.capabilities.durability, early);
    this.#proposals = new ProposalQueue(id, this.writes);
    this.reads = new ReadBook(
      id,
      clock,
      {
        readIndex: (round, byLease) => this.raft.readIndex(round, byLease),
        query: query => machine.query(query),
        notLeader: () => new NotLeaderError(id, this.leader),
      },
      electionTimeoutMs / 2,
      electionTimeoutMs * 2,
    );
    this.#writer = new LogWriter(journal, group, clock, {
      onDurable: (token, last, leaderTerm) => this.#onDurable(token, last, leaderTerm),
      onRefused: () => this.#onRefused(),
      onFailed: error => this.fail(journalFailed(error)),
      install: write => this.#install(write),
    });
    this.catchUp = new CatchUp(this);
    this.applier = new Applier(
      {
        group,
        journal,
        machine,
        writes: this.writes,
        early,
        matches: this.matches,
        clock,
        turnMs: tickMs / 4,
        applyMembership: (index, payload) => {
          const membership = this.raft.applyMembership(index, payload);
          this.events.emit({ type: 'membership', membership, index });
          return membership;
        },
        onApplied: (index, byteCount) => this.#onApplied(index, byteCount),
        onLost: range => this.events.emit({ type: 'lost', ...range }),
        onFailed: error => this.fail(error),
      },
      recovered.applied,
    );
    this.reads.applied(this.applier.index);
    this.snapshots = new SnapshotDesk(this, messages);
    this.ticker = new Ticker(clock, tickMs, {
      onTicks: count => this.#onTicks(count),
      onPause: forMs => this.guarded(() => this.#stalls.paused(forMs)),
    });
    this.schedule();
  }

  get isLeader(): boolean {
    return this.role === 'leader';
  }

  get installing(): boolean {
    return this.#writer.installing;
  }

  /** The leader's time for what is written in this turn. */
  get moment(): LeaderMoment {
    return (this.#moment ??= this.#leaderClock.now());
  }

  /** Appends an entry with the next flush. */
  propose(payload: Uint8Array, write: PendingWrite): void {
    this.#proposals.add(payload, write);
    this.schedule();
  }

  changeMembership(change: MembershipChange, write: PendingWrite): MembershipOutcome {
    const outcome = this.guarded(() => this.raft.changeMembership(change));
    if (outcome.accepted) this.writes.add(write, outcome.first, outcome.term);
    this.schedule();
    return outcome;
  }

  /** Whether the state is, by the lease, as new as any at this moment. */
  leaseAllows(): boolean {
    return this.raft.leaseHeld && this.applier.index >= this.raft.committed;
  }

  /** Acknowledges a write with fewer others than it asked for, if it is durable here. Returns whether it did. */
  degrade(write: PendingWrite): boolean {
    if (!this.isLeader || write.term !== this.term) return false;
    this.matches.forget();
    return this.writes.degrade(write, this.matches);
  }

  /** Rejects a wait when the replica ends before it has settled. */
  endWith<Value>(wait: Wait<Value>): void {
    const reject = (error: QuorateError): void => wait.reject(withOutcome(error, 'unknown'));
    if (this.over !== undefined) return reject(this.over);
    this.#onEnd.add(reject);
    wait.onSettled(() => this.#onEnd.delete(reject));
  }

  /** Lets a flush follow, after everything else of this turn that is ready by then. */
  schedule(): void {
    if (this.#scheduled || this.over !== undefined) return;
    this.#scheduled = true;
    void turn.then(this.flush);
  }

  onMessage(from: NodeId, bytes: Uint8Array, group: GroupId): void {
    const { id, group: own } = this.options;
    if (group !== own || this.over !== undefined) return;
    const message = readMessage(bytes, own, from, id);
    if (message.type === 'fault') this.malformedMessages++;
    else if (message.type === 'piece') {
      if (message.term >= this.term) this.guarded(() => this.snapshots.onPiece(from, message));
    } else if (message.type === 'receipt') this.snapshots.transfers.onReceipt(from, message);
    // What there is no room for is not taken into memory either.
    else if (message.type !== 'append' || message.entries.length === 0 || this.health.mayWrite) {
      this.guarded(() => this.raft.step(message));
    }
    // Most answers to heartbeats leave nothing to do, and no flush is cheap.
    if (message.type !== 'heartbeat-reply' || this.raft.anyEffects || this.reads.anyWaiting) this.schedule();
  }

  /** A peer was connected, or takes messages again. */
  onRoom(peer: NodeId): void {
    this.snapshots.transfers.onRoom(peer);
  }

  onDisconnect(peer: NodeId): void {
    if (this.over !== undefined) return;
    this.raft.reportUnreachable(peer);
    this.snapshots.transfers.onDisconnect(peer);
    this.schedule();
  }

  /** Ends the replica: everything that waits is told, everything that comes is refused with `error`. */
  fail(error: QuorateError): void {
    if (this.over !== undefined) return;
    this.#end(error);
    this.events.emit({ type: 'failed', error });
  }

  async close(reason: QuorateError): Promise<void> {
    if (this.over === undefined) this.#end(reason);
    await Promise.all([this.#writer.end(), this.snapshots.end()]);
  }

  /** Does what is to be done, now rather than at the end of the turn. */
  readonly flush = (): void => {
    this.#scheduled = false;
    // Whoever hears of an event may ask for another flush: it follows this one, or writes would change places.
    if (this.#flushing) return this.schedule();
    this.#flushing = true;
    try {
      this.guarded(this.#flushOnce);
    } finally {
      this.#flushing = false;
    }
  };

  /** Where the core throws, or a hook in it, nobody can vouch for what is left in the middle: nothing may go on. */
  guarded<Result>(act: () => Result): Result {
    try {
      return act();
    } catch (error) {
      this.fail(replicaFailed(error));
      throw error;
    }
  }

  readonly #flushOnce = (): void => {
    if (this.over !== undefined) return;
    // What was refused makes the core's log untrue: it is replaced in a moment.
    if (!this.#writer.open) return this.#proposals.rejectAll(storageFull(this.options.id));
    this.#moment = undefined;
    this.matches.forget();
    const { anyWaiting } = this.reads;
    if (this.#proposals.propose(this.raft) || anyWaiting) this.catchUp.called();
    if (anyWaiting) this.reads.start();
    for (let effects = this.raft.takeEffects(); effects !== undefined; effects = this.raft.takeEffects()) {
      this.#perform(effects);
      if (this.over !== undefined) return;
    }
    if (this.isLeader && this.writes.awaitsMatches) this.writes.matched(this.matches);
    this.#commitNews.look();
    this.#outbox.tellLost(this.#reportLost);
  };

  readonly #reportLost = (peer: NodeId): void => this.raft.reportUnreachable(peer);

  #perform(effects: Effects): void {
    const { roleChange, messages, write, committed, reads, readsFailed, fetches } = effects;
    if (roleChange !== undefined) this.#onRole(roleChange);
    for (let at = 0; at < messages.length; at++) {
      const message = messages[at] as RaftMessage;
      if (message.type === 'snapshot') this.snapshots.transfers.start(message);
      else this.#outbox.send(message);
    }
    if (write !== undefined) this.#store(write);
    if (committed !== undefined) this.applier.push(committed);
    for (const { id, index } of reads) this.reads.confirmed(id, index);
    // Those that came meanwhile begin the next round now, and not with whatever happens next.
    if (reads.length > 0 && this.reads.anyWaiting) this.schedule();
    for (const id of readsFailed) this.reads.failed(id);
    for (const fetch of fetches) void this.catchUp.fetch(fetch);
    for (const turn of effects.turns) this.catchUp.turn(turn);
    if (effects.snapshotWanted) this.snapshots.take();
  }

  #store(write: RaftWrite): void {
    const { entries } = write;
    for (let at = entries.length - 1; at >= 0; at--) {
      const entry = entries[at];
      if (entry?.kind !== entryKind.command || payloadBodyAt(entry.payload) === undefined) continue;
      // Times never decrease along the log, so the last one is the latest.
      this.#leaderClock.observe(payloadTimeMs(entry.payload));
      break;
    }
    this.snapshots.noteWrite(write);
    this.#writer.submit(write, this.isLeader ? this.term : 0);
  }

  #onDurable(token: WriteToken, last: number, leaderTerm: number): void {
    if (this.over !== undefined) return;
    this.guarded(() => this.raft.durable(token));
    if (last > 0 && this.health.hasRoom()) this.events.emit({ type: 'storage', state: 'room' });
    if (last > 0 && this.isLeader && leaderTerm === this.term) this.writes.durable(last);
    this.schedule();
  }

  #onApplied(index: LogIndex, byteCount: number): void {
    this.raft.applied(index);
    this.reads.applied(index);
    this.snapshots.keeper.applied(index, byteCount);
    this.schedule();
  }

  #onRole({ role, term, leader }: RoleChange): void {
    const led = this.isLeader;
    const leads = role === 'leader';
    const isSameOffice = led && leads && term === this.term;
    this.role = role;
    this.term = term;
    this.leader = leader;
    if (led && !isSameOffice) this.#leaveOffice();
    if (leads && !isSameOffice) {
      this.#leaderClock.observe(this.applier.sessions.timeMs);
      this.#leaderClock.takeOffice();
      this.#moment = undefined;
      this.writes.takeOffice(index => this.raft.termAt(index));
    }
    this.reads.roleChanged(leads);
    this.events.emit({ type: 'role', role, term, leader });
  }

  #leaveOffice(): void {
    const { clock, electionTimeoutMs } = this.options;
    this.writes.leaveOffice(clock.monotonicMs() + 2 * electionTimeoutMs);
    this.snapshots.transfers.abort();
  }

  #onTicks(count: number): void {
    // By the core's own word: it may have stepped down just now, for the sake of what has to be read first.
    const { isLeader } = this.raft;
    const ticks = isLeader ? count : this.health.mayCampaign ? Math.min(count, followerTicksMax) : 0;
    let isDue = isLeader || this.isLeader;
    this.guarded(() => {
      for (let tick = 0; tick < ticks; tick++) isDue = this.raft.tick() || isDue;
      this.#stalls.diskBusy(this.#writer.busyMs());
    });
    this.reads.tick();
    this.snapshots.tick();
    if (!this.isLeader) this.writes.giveUp(this.options.clock.monotonicMs());
    // A follower's tick mostly leaves nothing to do, and no flush is cheap.
    if (isDue || this.reads.anyWaiting) this.schedule();
  }

  /** The disk is full: the core starts anew from what is durable, as after a crash. */
  #onRefused(): void {
    const { journal, group, id } = this.options;
    this.applier.forget();
    this.snapshots.abandon();
    const { index, membership } = this.applier;
    const restored = restoredState(journal, group, index, membership, index);
    this.raft = new Raft(raftOptions(this.options), restored);
    this.#writer.reopen();
    this.#proposals.rejectAll(storageFull(id));
    this.#onRole({ role: 'follower', term: this.raft.status().term, leader: undefined });
    this.reads.roundsLost();
    if (this.health.becameFull()) this.events.emit({ type: 'storage', state: 'full' });
    void this.snapshots.keeper.compact();
    this.schedule();
  }

  async #install(write: RaftWrite): Promise<void> {
    await this.snapshots.install(write);
    this.reads.applied(this.applier.index);
  }

  #end(error: QuorateError): void {
    this.over = error;
    for (const timed of [this.ticker, this.#commitNews, this.catchUp]) timed[Symbol.dispose]();
    this.applier.end(error);
    this.snapshots.transfers.abort();
    const refusal = withOutcome(error, 'not-applied');
    this.#proposals.rejectAll(refusal);
    this.writes.rejectAll(applied => withOutcome(error, applied ? 'applied' : 'unknown'));
    this.reads.rejectAll(refusal);
    for (const reject of this.#onEnd) reject(error);
  }
}
