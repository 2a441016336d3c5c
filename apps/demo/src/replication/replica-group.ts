import { type Clock, errorCode, QuorateError, sleep } from '@quorate/core';
import type { ReplicaMember, ReplicaReport, SeatTask } from '@quorate/node';
import { type ClusterAuthority, createClusterAuthority } from '@quorate/transport/tcp';
import { type GroupWait, MajorityWatch } from './majority-watch.ts';
import type { GroupChange, ReplicatedClient } from './replicated-client.ts';

/** A node that can host a replica: a process, or in tests a node of the same process. */
export interface ReplicaHost {
  readonly id: string;
  readonly url: string;
  listen(task: Omit<SeatTask, 'folder'>): Promise<string>;
  /** @returns the last entry that the journal held */
  join(members: readonly ReplicaMember[]): Promise<number>;
  moved(members: readonly ReplicaMember[]): void;
}

/** Short for a demo: a follower campaigns after this to twice this without its leader. */
export const electionTimeoutMs = 500;

const pollMs = 10;
const waitMaxMs = 60_000;
/** With these a wait has ended. */
const final = new Set(['NO_LEADER', 'NO_MAJORITY', 'NODE_SILENT', 'ABORTED']);

/**
 * The supervisor's part in replication: it starts the replicas, tells them where the others are, and looks at them. It has
 * no say in who leads.
 */
export class ReplicaGroup {
  readonly #clock: Clock;
  readonly #client: ReplicatedClient;
  readonly #authority: ClusterAuthority = createClusterAuthority({ cluster: 'demo' });
  readonly #hosts = new Map<string, ReplicaHost>();
  readonly #addresses = new Map<string, string>();
  readonly #lastKnown = new Map<string, ReplicaReport['log']>();
  /** Those with which the group began. */
  #first: readonly string[] = [];
  #ids: readonly string[] = [];

  /** @param client with the token of the supervisor */
  constructor(clock: Clock, client: ReplicatedClient) {
    this.#clock = clock;
    this.#client = client;
  }

  /** The members' ids, running or not. */
  get ids(): readonly string[] {
    return this.#ids;
  }

  /** Where the members are that run. */
  get urls(): readonly string[] {
    return [...this.#hosts.values()].map(({ url }) => url);
  }

  has(id: string): boolean {
    return this.#ids.includes(id);
  }

  isRunning(id: string): boolean {
    return this.#hosts.has(id);
  }

  /** Starts the group. */
  async start(hosts: readonly ReplicaHost[]): Promise<void> {
    this.#ids = hosts.map(({ id }) => id);
    this.#first = this.#ids;
    await Promise.all(hosts.map(async host => this.#seat(host)));
    await Promise.all(hosts.map(async host => host.join(this.#members())));
  }

  /** A member's process is up again: its replica goes on from its journal. @returns the last entry in there */
  async rejoin(host: ReplicaHost): Promise<number> {
    await this.#seat(host);
    const members = this.#members();
    for (const other of this.#hosts.values()) if (other.id !== host.id) other.moved(members);
    return host.join(members);
  }

  /** A host has taken a member's place. */
  swap(id: string, host: string): void {
    this.gone(id);
    this.#ids = this.#ids.map(each => (each === id ? host : each));
  }

  /** A member's process is gone. */
  gone(id: string): void {
    this.#hosts.delete(id);
  }

  /** How the running members are; one that does not answer is left out. */
  async reports(withinMs?: number): Promise<ReplicaReport[]> {
    const reports = await Promise.all(this.urls.map(async url => this.#client.report(url, withinMs)));
    const answers = reports.filter(report => report !== undefined);
    for (const { id, log } of answers) this.#lastKnown.set(id, log);
    return answers;
  }

  /** The last entry of a member's log when it was last heard of. A new leader does not know it of those that are down. */
  lastKnown(id: string): number {
    return this.#lastKnown.get(id)?.last ?? 0;
  }

  /** The last entry that a member said to have on its disk when it was last heard of. */
  lastDurable(id: string): number {
    return this.#lastKnown.get(id)?.durable ?? 0;
  }

  /**
   * The leader of the highest term above `term`, once there is one.
   *
   * @throws QuorateError `NO_LEADER` after a minute, and what {@link until} throws
   */
  async leader(term = 0, wait: GroupWait = {}): Promise<ReplicaReport> {
    return this.until(`a leader of a term above ${term}`, reports => newestLeader(reports, term), wait);
  }

  /**
   * Looks at all until something is there.
   *
   * @throws QuorateError `NO_LEADER` after a minute, `NO_MAJORITY`, `NODE_SILENT`, `ABORTED`
   */
  async until<T>(
    what: string,
    found: (reports: readonly ReplicaReport[]) => T | undefined,
    wait: GroupWait = {},
  ): Promise<T> {
    const endMs = this.#clock.monotonicMs() + waitMaxMs;
    const watch = new MajorityWatch(this.#clock, wait);
    for (;;) {
      const askedMs = this.#clock.monotonicMs();
      const reports = await this.reports();
      const result = found(reports);
      if (result !== undefined) return result;
      watch.look(this.#ids, reports, askedMs);
      if (this.#clock.monotonicMs() > endMs) {
        const detail = `The group did not come to ${what} within ${waitMaxMs} ms`;
        throw new QuorateError('NO_LEADER', detail, { outcome: 'unknown' });
      }
      await sleep(this.#clock, pollMs, { signal: wait.signal });
    }
  }

  /** Has the leader hand leadership over. @returns the new leader's id */
  async transfer(from: ReplicaReport): Promise<string> {
    const url = this.#hosts.get(from.id)?.url ?? '';
    const answer = await this.#client.transfer(url);
    if (typeof answer === 'string') return answer;
    throw new QuorateError(answer.code, `${from.id} did not hand leadership over`, {
      outcome: answer.outcome,
      retryable: answer.retryable,
    });
  }

  /** Whoever is to go hands leadership over first: then writes wait for a moment, and not for an election. */
  async leadElsewhere(id: string, wait: GroupWait): Promise<void> {
    await this.#again(async () => {
      const leader = await this.leader(0, wait);
      if (leader.id === id) await this.transfer(leader);
    }, wait);
  }

  /** Has the members changed by whoever leads, until it says that they are. */
  async reconfigure(
    change: GroupChange,
    isDone: (leader: ReplicaReport) => boolean,
    wait: GroupWait,
  ): Promise<void> {
    await this.#again(async () => {
      const leader = await this.leader(0, wait);
      if (isDone(leader)) return;
      const refused = await this.#client.reconfigure(this.#hosts.get(leader.id)?.url ?? '', change);
      if (refused === undefined) return;
      const { code, outcome, retryable } = refused;
      throw new QuorateError(code, 'The members of the group were not changed', { outcome, retryable });
    }, wait);
  }

  /** Another election may come between, and an answer may be lost: then once more. */
  async #again(attempt: () => Promise<void>, { signal }: GroupWait): Promise<void> {
    const endMs = this.#clock.monotonicMs() + waitMaxMs;
    for (;;) {
      try {
        await attempt();
        return;
      } catch (error) {
        // Whoever waited for a leader has waited; what may have been done is looked for by the next attempt.
        const isOver = final.has(errorCode(error) ?? '') || this.#clock.monotonicMs() > endMs;
        const mayPass = error instanceof QuorateError && (error.retryable || error.outcome === 'unknown');
        if (!mayPass || isOver) throw error;
        await sleep(this.#clock, pollMs, { signal });
      }
    }
  }

  async #seat(host: ReplicaHost): Promise<void> {
    const tls = this.#authority.issue(host.id);
    const address = await host.listen({ members: this.#first, tls, electionTimeoutMs });
    this.#addresses.set(host.id, address);
    this.#hosts.set(host.id, host);
  }

  #members(): ReplicaMember[] {
    return [...this.#hosts.values()].map(({ id, url }) => ({
      id,
      url,
      address: this.#addresses.get(id) ?? '',
    }));
  }
}

/** The leader of the highest term above `term`. */
export function newestLeader(reports: readonly ReplicaReport[], term = 0): ReplicaReport | undefined {
  const leaders = reports.filter(report => isLeader(report) && report.term > term);
  return leaders.toSorted((left, right) => right.term - left.term)[0];
}

/** Whether a replica leads. One that has failed goes on saying what it was, and does nothing. */
export function isLeader({ role, state }: ReplicaReport): boolean {
  return role === 'leader' && state === 'running';
}

/** Whether the leader knows all that is committed to be durable at the member. */
export function hasCaughtUp(reports: readonly ReplicaReport[], id: string): boolean {
  const leader = reports.find(isLeader);
  const member = leader?.members.find(each => each.id === id);
  return (
    leader !== undefined && member !== undefined && member.active && member.match >= leader.log.committed
  );
}
