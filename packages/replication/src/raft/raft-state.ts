import { invariant, type NodeId, type Random } from '@quorate/core';
import type { CatchUpTurn, EntryFetch } from './effects.ts';
import { type RaftLimits, raftLimits } from './limits.ts';
import type { MembershipChange } from './membership.ts';
import { Peers } from './peers.ts';
import { PendingWrites } from './pending-writes.ts';
import { asIndex, asTerm, RaftLog } from './raft-log.ts';
import type { RaftMessage } from './raft-message.ts';
import type { RaftOptions } from './raft-options.ts';
import type { RaftRole } from './raft-status.ts';
import { Reads } from './reads.ts';
import type { RestoredState } from './stored-log.ts';
import type { TraceEvent, TraceStep } from './trace-event.ts';

/** No messages: never pushed to, so that a flush without any costs nothing. */
export const none: RaftMessage[] = [];

/**
 * Everything that one replica's consensus remembers, and the few moves from which the rest is made: become something else,
 * send, hold back until durable. What to do when is in the files beside this one, one concern each.
 */
export class RaftState {
  readonly id: NodeId;
  readonly limits: RaftLimits;
  readonly log: RaftLog;
  readonly writes: PendingWrites = new PendingWrites();
  readonly reads: Reads;
  peers: Peers;

  role: RaftRole = 'follower';
  term = 0;
  votedFor: NodeId | undefined;
  leader: NodeId | undefined;
  transferee: NodeId | undefined;
  transferElapsed = 0;
  /** A successor was told to campaign in this term, whom voters will not refuse for a lease's sake: there is none any more. */
  leaseGivenAway = false;

  /** Ticks since the start, the clock of leases. */
  now = 0;
  electionElapsed = 0;
  heartbeatElapsed = 0;
  electionTimeout = 0;
  /** The connection to the leader broke, and nothing was heard from it since. */
  leaderLost = false;
  /** Before this tick votes are refused for the sake of a lease of a leader that is not known, or not any more. */
  quarantinedUntil = 0;
  /** Before this tick it campaigns for its leader's sake as soon as it may: its leader waits for that no longer. */
  takeOverBy = 0;
  /** The term in which it last gave way to another that asked at the same time. */
  yieldedIn = -1;
  /** From this tick on it asks again, if nobody leads; 0 for any other. */
  #askAgainAt = 0;

  /** No change of membership is admitted before everything up to here is applied. */
  pendingMembershipIndex = 0;
  /** The newest entry of this log that may change the membership. */
  lastMembershipIndex = 0;
  /** As a leader that was removed: what those who stay have to know to be committed before it goes. 0 for any other. */
  leavingAt = 0;
  uncommittedBytes = 0;

  messages: RaftMessage[] = none;
  /** Votes and acknowledgements that wait for the next write to be durable. */
  held: RaftMessage[] = none;
  selfVote = 0;
  selfPreVote = 0;
  selfAck = 0;
  fetches: EntryFetch[] = [];
  turns: CatchUpTurn[] = [];
  /** Who holds the log up to here is in step; the next such mark, and the tick at which it was set. */
  stepMark = 0;
  nextStepMark = 0;
  stepMarkedAt = 0;
  snapshotWanted = false;
  /** Whether some follower has an append due. */
  appendsDue = false;
  /** Whether some follower could be told of a newer commit index, and whether it shall be, without entries to go with it. */
  commitsWait = false;
  commitsDue = false;

  droppedMessages = 0;
  lastDropReason: string | undefined;

  /** What was handed out last, to tell what changed. */
  writtenTerm = 0;
  writtenVote: NodeId | undefined;
  writtenCommit = 0;
  /** Whether the hard state was handed out since the start. */
  wroteHardState = false;
  /** The term and the commit index on disk. */
  durableTerm = 0;
  durableCommit = 0;
  toldRole: RaftRole = 'follower';
  toldTerm = 0;
  toldLeader: NodeId | undefined;

  readonly #random: Random;
  readonly #trace: ((event: TraceEvent) => void) | undefined;

  constructor(options: RaftOptions, restored: RestoredState) {
    this.id = options.id;
    this.#random = options.random;
    this.#trace = options.trace;
    this.limits = raftLimits(options);
    this.reads = new Reads(options.random.uint32() * 0x10_0000);
    const hardState = restored.hardState;
    const committed = Math.max(hardState?.committed ?? 0, restored.applied);
    if (committed > restored.last) {
      throw new RangeError(
        `Restored log must reach what is committed: ends at ${restored.last}, committed ${committed}`,
      );
    }
    this.log = new RaftLog(options.log, restored.last, committed, restored.applied, this.limits.tailBytesMax);
    this.peers = Peers.of(restored.membership, this.id, restored.last, this.limits);
    this.term = this.writtenTerm = this.durableTerm = this.toldTerm = hardState?.term ?? 0;
    this.votedFor = this.writtenVote = hardState?.votedFor;
    this.writtenCommit = this.durableCommit = committed;
    // Entries that are not applied yet may hide a change of membership: nobody looked.
    this.lastMembershipIndex = restored.last > restored.applied ? restored.last : 0;
    if (this.limits.leaseReads && this.term > 0) this.quarantinedUntil = this.limits.electionTicks;
    this.trace('InitState');
    this.becomeFollower(this.term, undefined);
  }

  get tracing(): boolean {
    return this.#trace !== undefined;
  }

  /** Whom to ask: the leader, unless the connection to it broke, or it is this one and about to go. */
  get leaderHint(): NodeId | undefined {
    return this.leaderLost || this.leavingAt > 0 ? undefined : this.leader;
  }

  /** Whether a leader is known to live, so that no other's election is supported (Ongaro 2014, §4.2.3). */
  get inLease(): boolean {
    if (!this.limits.checkQuorum) return false;
    if (this.now < this.quarantinedUntil) return true;
    return this.leader !== undefined && this.electionElapsed < this.limits.electionTicks;
  }

  /** Whether this replica may become leader. */
  get promotable(): boolean {
    const self = this.peers.self;
    return self !== undefined && !self.learner && this.log.installing === undefined;
  }

  /**
   * Whether a crash would take the knowledge away that the newest change of membership is committed. It is kept like a vote:
   * with the membership of before, the votes of those would be needed who have gone since.
   */
  get mayForgetMembership(): boolean {
    const { lastMembershipIndex } = this;
    return lastMembershipIndex > this.durableCommit && lastMembershipIndex <= this.log.committed;
  }

  /** Whether an entry of this leader's own term is committed, by which it knows what is (Ongaro 2014, §6.4). */
  get committedInTerm(): boolean {
    return this.log.termAt(this.log.committed) === this.term;
  }

  becomeFollower(term: number, leader: NodeId | undefined): void {
    this.#reset(term);
    this.leader = leader;
    this.role = 'follower';
    this.trace('BecomeFollower');
  }

  becomePreCandidate(): void {
    invariant(this.role !== 'leader', 'a leader does not campaign');
    // Nothing but the role changes: a pre-vote that fails must leave no mark (Ongaro 2014, §9.6).
    this.peers.clearVotes();
    this.leader = undefined;
    this.#askAgainAt = 0;
    this.role = 'pre-candidate';
    this.reads.failAll();
  }

  becomeCandidate(): void {
    invariant(this.role !== 'leader', 'a leader does not campaign');
    this.#reset(this.term + 1);
    this.votedFor = this.id;
    this.role = 'candidate';
    this.trace('BecomeCandidate');
  }

  becomeLeader(): void {
    invariant(this.role === 'candidate', 'only a candidate wins');
    this.#reset(this.term);
    this.leader = this.id;
    this.role = 'leader';
    const self = this.peers.self;
    invariant(self !== undefined, 'a leader is a member');
    self.match = this.log.durable;
    self.becomeReplicate();
    self.recentlyActive = true;
    // There may be a change of membership among the entries of other terms: nobody scans them, everybody waits.
    this.pendingMembershipIndex = this.log.last;
    this.trace('BecomeLeader');
  }

  /** Sends now. */
  send(message: RaftMessage): void {
    if (this.messages.length === 0) this.messages = [message];
    else this.messages.push(message);
    if (this.#trace !== undefined) this.trace('Send', message);
  }

  /**
   * Sends once everything that this replica has taken in is durable: a vote or an acknowledgement that a crash makes untrue
   * loses committed entries (Ongaro 2014, §3.8).
   */
  hold(message: RaftMessage): void {
    if (this.#trace !== undefined) this.trace('Send', message);
    if (this.held.length === 0) this.held = [message];
    else this.held.push(message);
  }

  /** Drops a message that no correct peer sends. */
  drop(reason: string): void {
    this.droppedMessages++;
    this.lastDropReason = reason;
  }

  trace(step: TraceStep, message?: RaftMessage, change?: MembershipChange): void {
    if (this.#trace === undefined) return;
    const progress = message === undefined ? undefined : this.peers.find(message.to);
    this.#trace({
      step,
      node: this.id,
      term: asTerm(this.term),
      votedFor: this.votedFor,
      committed: asIndex(this.log.committed),
      last: asIndex(this.log.last),
      role: this.role,
      membership: this.peers.membership,
      ...(message === undefined ? {} : { message }),
      ...(change === undefined ? {} : { change }),
      ...(progress === undefined ? {} : { match: asIndex(progress.match), next: asIndex(progress.next) }),
    });
  }

  drawElectionTimeout(): void {
    const { electionTicks } = this.limits;
    this.electionTimeout = electionTicks + this.#random.below(electionTicks);
    this.#askAgainAt = 0;
  }

  /**
   * For who asks already and was not given enough: it asks again sooner than it began. A pre-vote leaves no mark, so that
   * nobody is disturbed; most likely somebody still kept its promise to the leader for a moment, or two asked at once.
   */
  drawRetryTimeout(): void {
    const { retryTicks } = this.limits;
    const due = this.electionElapsed + retryTicks + this.#random.below(retryTicks);
    this.electionTimeout = Math.min(this.electionTimeout, due);
  }

  /** For who left an election to another: it asks again soon where nothing comes of that. Who leads until then is promised all. */
  giveWay(): void {
    const { retryTicks } = this.limits;
    this.yieldedIn = this.term;
    this.#askAgainAt = this.now + retryTicks + this.#random.below(retryTicks);
  }

  /**
   * Whether it is time for an election. Who lost the connection to its leader waits out what it has promised, like everybody,
   * and of the random time after that only a quarter: most likely the leader's process has ended.
   */
  get electionDue(): boolean {
    const { electionTicks } = this.limits;
    if (this.#askAgainAt > 0 && this.leader === undefined && this.now >= this.#askAgainAt) return true;
    const beyond = this.electionTimeout - electionTicks;
    const isSoon = this.leaderLost && this.role === 'follower' && beyond > 0;
    const timeout = isSoon ? electionTicks + Math.floor(beyond / 4) : this.electionTimeout;
    return this.electionElapsed >= timeout;
  }

  #reset(term: number): void {
    if (this.term !== term) {
      invariant(term > this.term, 'a term only grows');
      this.term = term;
      this.votedFor = undefined;
      this.leaseGivenAway = false;
    }
    this.leader = undefined;
    this.leaderLost = false;
    this.transferee = undefined;
    this.takeOverBy = 0;
    this.electionElapsed = 0;
    this.heartbeatElapsed = 0;
    this.drawElectionTimeout();
    this.pendingMembershipIndex = 0;
    this.leavingAt = 0;
    this.uncommittedBytes = 0;
    this.appendsDue = false;
    this.selfAck = 0;
    this.selfVote = 0;
    this.selfPreVote = 0;
    this.fetches = [];
    this.turns = [];
    this.stepMark = this.nextStepMark = this.log.last;
    this.stepMarkedAt = this.now;
    this.reads.failAll();
    this.peers.clearVotes();
    for (const progress of this.peers.list) progress.reset(0, this.log.last + 1);
  }
}
