import type { NodeId } from '@quorate/core';
import { isJoint, type Membership, membersOf } from './membership.ts';
import { Progress, type WindowLimits } from './progress.ts';
import { jointVote, majorityIndex, majorityVote, type VoteResult } from './quorum.ts';

/**
 * The members with what is known of each, in sorted order in one array: groups are small, and a scan of a few records beats a
 * map (etcd `tracker.ProgressTracker`).
 */
export class Peers {
  readonly self: Progress | undefined;
  readonly list: readonly Progress[];
  readonly membership: Membership;
  /** Room for one majority's indexes. */
  readonly #scratch: number[];

  private constructor(membership: Membership, list: readonly Progress[], self: NodeId) {
    this.membership = membership;
    this.list = list;
    this.self = list.find(({ id }) => id === self);
    this.#scratch = new Array<number>(list.length).fill(0);
  }

  /**
   * The members of `membership`. What `before` knew of a member is kept; a new one is probed from the log's end, and counts as
   * active so that a leader does not step down before it could answer.
   */
  static of(membership: Membership, self: NodeId, last: number, limits: WindowLimits, before?: Peers): Peers {
    const learners = new Set(membership.learners);
    const incoming = new Set(membership.voters);
    const outgoing = new Set(membership.votersOutgoing);
    const list = membersOf(membership).map(id => {
      const learner = learners.has(id);
      const known = before?.find(id);
      const progress = known ?? new Progress(id, Math.max(last, 1), limits);
      if (known === undefined) progress.recentlyActive = true;
      progress.learner = learner;
      progress.incoming = incoming.has(id);
      progress.outgoing = outgoing.has(id);
      return progress;
    });
    return new Peers(membership, list, self);
  }

  find(id: NodeId): Progress | undefined {
    const list = this.list;
    for (let at = 0; at < list.length; at++) {
      const progress = list[at];
      if (progress !== undefined && progress.id === id) return progress;
    }
    return undefined;
  }

  isVoter(id: NodeId): boolean {
    const progress = this.find(id);
    return progress !== undefined && (progress.incoming || progress.outgoing);
  }

  /** Whether `self` alone decides. */
  isSingleton(self: NodeId): boolean {
    const { voters } = this.membership;
    return voters.length === 1 && voters[0] === self && !isJoint(this.membership);
  }

  /** The highest index that is durable on a majority, on both where two decide. 0 when there are no voters. */
  committable(): number {
    const incoming = this.#majority('incoming', 'match');
    const index = isJoint(this.membership)
      ? Math.min(incoming, this.#majority('outgoing', 'match'))
      : incoming;
    return index === Number.POSITIVE_INFINITY ? 0 : index;
  }

  /** The latest round of heartbeats that a majority answered. */
  confirmedRound(): number {
    const incoming = this.#majority('incoming', 'ackedRound');
    const round = isJoint(this.membership)
      ? Math.min(incoming, this.#majority('outgoing', 'ackedRound'))
      : incoming;
    return round === Number.POSITIVE_INFINITY ? 0 : round;
  }

  /** Whether a majority was heard of since the last look. */
  quorumActive(): boolean {
    return this.#ask(({ recentlyActive }) => (recentlyActive ? 'granted' : 'rejected')) === 'won';
  }

  /** Whether a majority without `other` holds the log up to `index` and was heard of since tick `heardSince`. */
  inStepWithout(other: Progress, index: number, heardSince: number): boolean {
    const isInStep = (member: Progress): boolean =>
      member !== other && member.match >= index && (member === this.self || member.heardAt >= heardSince);
    return this.#ask(member => (isInStep(member) ? 'granted' : 'rejected')) === 'won';
  }

  /** Whether a majority knows of the commit by which this leader goes. */
  leavingKnown(): boolean {
    return this.#ask(({ knowsOfLeaving }) => (knowsOfLeaving ? 'granted' : 'rejected')) === 'won';
  }

  clearVotes(): void {
    for (const progress of this.list) progress.vote = 'none';
  }

  /** Counts the votes; a voter's first answer stands. */
  tally(): VoteResult {
    return this.#ask(({ vote }) => vote);
  }

  #majority(side: 'incoming' | 'outgoing', what: 'match' | 'ackedRound'): number {
    const list = this.list;
    const scratch = this.#scratch;
    let count = 0;
    for (let at = 0; at < list.length; at++) {
      const progress = list[at];
      if (progress?.[side] !== true) continue;
      scratch[count] = progress[what];
      count++;
    }
    return majorityIndex(scratch, count);
  }

  #ask(answer: (progress: Progress) => Progress['vote']): VoteResult {
    const result = (side: 'incoming' | 'outgoing'): VoteResult => {
      const answers = this.list.filter(progress => progress[side]).map(answer);
      const granted = answers.filter(vote => vote === 'granted').length;
      const rejected = answers.filter(vote => vote === 'rejected').length;
      return majorityVote(granted, rejected, answers.length);
    };
    return jointVote(result('incoming'), result('outgoing'));
  }
}
