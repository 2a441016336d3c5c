import { type Clock, errorCode, sleep } from '@quorate/core';
import type { ReplicaReport } from '@quorate/node';
import { type GroupWait, withoutMajorityMs } from './majority-watch.ts';
import { hasCaughtUp, newestLeader, type ReplicaGroup, type ReplicaHost } from './replica-group.ts';

/** What became of a change that had been given up, once somebody can tell. */
export type LateListener = (id: string, host: string, isMade: boolean) => void;

interface Change {
  readonly id: string;
  readonly host: ReplicaHost;
  /** Whoever asked for it has been told that nobody knows. */
  isLate: boolean;
}

const lookAgainMs = 1000;

/**
 * Puts new hosts in members' places, one at a time.
 *
 * Without a majority nothing can be decided, and nobody can tell whether the last step was. Such a change stays unfinished: the
 * host keeps its seat, for it may vote, and as soon as a leader has applied its log this looks whether the change was made, and
 * undoes it where it was not.
 */
export class Replacement {
  readonly #group: ReplicaGroup;
  readonly #clock: Clock;
  readonly #onLate: LateListener;
  #unfinished: Change | undefined;
  #settling: Promise<void> | undefined;
  #isLooking = false;
  #isClosed = false;

  constructor(group: ReplicaGroup, clock: Clock, onLate: LateListener = () => {}) {
    this.#group = group;
    this.#clock = clock;
    this.#onLate = onLate;
  }

  /**
   * Puts a host in a member's place: it receives the log until it has caught up, and then votes in the other's stead, in one
   * step, so that at no time fewer failures can be borne than before. Who fails on the way is removed again. Call
   * {@link settle} first.
   *
   * @throws QuorateError `NO_LEADER`, `NO_MAJORITY`, `NODE_SILENT`, `REPLICA_START_FAILED`, `ABORTED`, and what the leader refuses
   */
  async replace(id: string, host: ReplicaHost, wait: GroupWait = {}): Promise<void> {
    const group = this.#group;
    try {
      await group.rejoin(host);
      await group.reconfigure({ learners: [host.id] }, leader => isMember(leader, host.id), wait);
      await group.until(
        `the point where ${host.id} has caught up`,
        reports => (hasCaughtUp(reports, host.id) ? true : undefined),
        { ...wait, needed: host.id },
      );
      await group.leadElsewhere(id, wait);
      const change = { voters: [host.id], remove: [id] };
      await group.reconfigure(change, leader => isMade(leader, id, host.id), wait);
    } catch (error) {
      const change = { id, host, isLate: false };
      this.#unfinished = change;
      const isGivenUp = errorCode(error) === 'NO_MAJORITY' || wait.signal?.aborted === true;
      if (!isGivenUp) await this.settle().catch(() => {});
      // Nobody knew, and now somebody does: it was made.
      if (group.has(host.id)) return;
      change.isLate = true;
      void this.#lookAgain();
      throw error;
    }
    group.swap(id, host.id);
  }

  /** Finishes what an earlier change has left open, or does nothing. @throws QuorateError `NO_LEADER`, `NO_MAJORITY` */
  settle(patienceMs: number = withoutMajorityMs): Promise<void> {
    this.#settling ??= this.#settle({ withoutMajorityMs: patienceMs }).finally(() => {
      this.#settling = undefined;
    });
    return this.#settling;
  }

  /** Looks after nothing from now on. */
  close(): void {
    this.#isClosed = true;
  }

  async #settle(wait: GroupWait): Promise<void> {
    const change = this.#unfinished;
    if (change === undefined) return;
    const { id, host } = change;
    let leader = await this.#settledLeader(wait);
    if (!isMade(leader, id, host.id) && isMember(leader, host.id)) {
      await this.#group.reconfigure({ remove: [host.id] }, now => !isMember(now, host.id), wait);
      leader = await this.#settledLeader(wait);
    }
    if (isMade(leader, id, host.id)) this.#group.swap(id, host.id);
    else this.#group.gone(host.id);
    this.#unfinished = undefined;
    if (change.isLate) this.#onLate(id, host.id, this.#group.has(host.id));
  }

  /** Until it is known what became of the change. */
  async #lookAgain(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    while (this.#unfinished !== undefined && !this.#isClosed) {
      await this.settle(0).catch(() => {});
      await sleep(this.#clock, lookAgainMs);
    }
    this.#isLooking = false;
  }

  /** The leader, once it has applied what it had when it was first seen: only then is final what it says of the members. */
  async #settledLeader(wait: GroupWait): Promise<ReplicaReport> {
    let seen: ReplicaReport | undefined;
    const settled = (reports: readonly ReplicaReport[]): ReplicaReport | undefined => {
      const leader = newestLeader(reports);
      if (leader === undefined) return undefined;
      if (seen?.id !== leader.id || seen.term !== leader.term) seen = leader;
      return leader.log.applied >= seen.log.last ? leader : undefined;
    };
    return this.#group.until('a leader that has applied its log', settled, wait);
  }
}

function isMember({ members }: ReplicaReport, id: string): boolean {
  return members.some(member => member.id === id);
}

function isMade({ voters }: ReplicaReport, id: string, host: string): boolean {
  return voters.includes(host) && !voters.includes(id);
}
