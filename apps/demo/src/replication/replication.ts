import { type Clock, QuorateError, type Random, sleep } from '@quorate/core';
import type { ReplicaReport } from '@quorate/node';
import type { Cluster } from '../cluster.ts';
import type { NodeProcess } from '../node-process.ts';
import type { Tape } from '../tape.ts';
import type { CallerSeams } from './caller.ts';
import { type Gap, GapMeter } from './gap-meter.ts';
import { History } from './history.ts';
import { type HistoryVerdict, judge } from './judge.ts';
import { prime } from './prime.ts';
import { isComplete, readBack, type ReadBackReport } from './read-back.ts';
import { type GroupWait, withoutMajorityMs } from './majority-watch.ts';
import { Replacement } from './replacement.ts';
import { ReplicaGroup } from './replica-group.ts';
import { ReplicatedClient } from './replicated-client.ts';
import { type CatchUpReport, Revival } from './revival.ts';
import { Stream } from './stream.ts';

/** What the end of a leader came to. */
export interface FailoverReport {
  readonly killed: string;
  readonly leader: string;
  readonly termBefore: number;
  readonly term: number;
  /** From the last write that was acknowledged before to the first one after. */
  readonly gapMs: number;
  readonly readBack: ReadBackReport;
}

/** What handing leadership over came to. */
export interface TransferReport {
  readonly from: string;
  readonly to: string;
  readonly term: number;
  readonly gapMs: number;
}

const pollMs = 5;
const lookMs = 1000;
const attemptsMax = 5;
const acknowledgedWithinMs = 60_000;

/** The group of replicas on the cluster's nodes, the stream of writes to it, and what is promised of both. */
export class Replication {
  readonly group: ReplicaGroup;
  readonly #cluster: Cluster;
  readonly #tape: Tape;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #client: ReplicatedClient;
  readonly #gaps = new GapMeter();
  history: History;
  lastVerdict: HistoryVerdict | undefined;
  /** Nobody waits for what happens: it is written on the tape as it is noticed. */
  #isLive = false;
  #isClosed = false;
  readonly #revival: Revival;
  readonly #replacement: Replacement;
  #stream: Stream | undefined;
  #retried = 0;
  #acknowledged = 0;

  constructor(cluster: Cluster, tape: Tape, random: Random, clock: Clock) {
    this.#cluster = cluster;
    this.#tape = tape;
    this.#clock = clock;
    this.#random = random;
    this.group = new ReplicaGroup(clock, new ReplicatedClient(cluster.secrets.peerToken, clock));
    this.#client = new ReplicatedClient(cluster.secrets.clientToken, clock);
    this.#replacement = new Replacement(this.group, clock, (...late) => this.#settledLate(...late));
    this.#revival = new Revival(this.group, cluster, tape, clock);
    this.history = this.#newHistory();
  }

  /** How many members a group on so many nodes has: an even number would bear no more failures than the odd one below. */
  static sizeFor(nodeCount: number): number {
    const least = Math.max(3, nodeCount);
    return least % 2 === 0 ? least - 1 : least;
  }

  get retried(): number {
    return this.#retried + (this.#stream?.retried ?? 0);
  }

  /** Makes the first `size` nodes host replicas, and waits for their first leader. */
  async start(size: number): Promise<ReplicaReport> {
    const hosts = this.#cluster.processes.slice(0, size);
    for (const host of hosts) this.#revival.watch(host);
    await this.group.start(hosts);
    const leader = await this.group.leader();
    const names = hosts.map(({ id }) => id).join(', ');
    this.#tape.write(
      'change',
      `${names} form a replication group: ${leader.id} leads in term ${leader.term}`,
    );
    return leader;
  }

  /** How many writes were acknowledged, over all histories. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** The newest time without an acknowledged write. */
  get lastGap(): Gap | undefined {
    return this.#gaps.last;
  }

  /**
   * Begins the stream on a new history.
   *
   * @param toPrime ends the writing of all keys that comes before; without it keys are believed to hold nothing
   */
  async startStream(
    keys: readonly string[],
    operationsPerSecond: number,
    toPrime?: AbortSignal,
  ): Promise<void> {
    this.history = this.#newHistory();
    if (toPrime !== undefined) await prime(keys, this.seams, this.#random.fork('prime'), toPrime);
    this.#stream = new Stream(keys, this.seams, this.#random.fork('stream'), operationsPerSecond);
  }

  /** @param patienceMs how long what is under way may go on */
  async stopStream(patienceMs?: number): Promise<void> {
    const stream = this.#stream;
    await stream?.stop(patienceMs);
    this.#retried += stream?.retried ?? 0;
    this.#stream = undefined;
  }

  get seams(): CallerSeams {
    const { history } = this;
    return { client: this.#client, urls: () => this.group.urls, history, clock: this.#clock };
  }

  /** Ends the leader's process with SIGKILL while writes go on, and reads back all that had been acknowledged. */
  async killLeader(): Promise<FailoverReport> {
    const { id, term: termBefore } = await this.group.leader();
    const killed = this.#cluster.kill(id);
    const [next, gap] = await Promise.all([
      this.group.leader(termBefore),
      this.#gapAfter(termBefore),
      killed,
    ]);
    this.#tape.write(
      'change',
      `${id} led in term ${termBefore} and is gone; ${next.id} leads in term ${next.term}: ${gap.gapMs} ms without an acknowledged write`,
    );
    const report = await this.readBack('after the failover');
    return { killed: id, leader: next.id, termBefore, term: next.term, gapMs: gap.gapMs, readBack: report };
  }

  /** Finishes what an earlier change of the members has left open. @throws QuorateError `NO_MAJORITY`, `NO_LEADER` */
  settle(): Promise<void> {
    return this.#replacement.settle();
  }

  /** Has another node host a member's replica in its stead. See {@link Replacement.replace}. */
  async replace(id: string, host: NodeProcess, signal?: AbortSignal): Promise<void> {
    const startMs = this.#clock.monotonicMs();
    this.#revival.watch(host);
    await this.#replacement.replace(id, host, { signal, withoutMajorityMs });
    const text = `${host.id} has the log and votes in place of ${id}, after ${this.#since(startMs)} ms`;
    this.#tape.write('change', text);
  }

  /** What was given up without anybody knowing whether it was made: now it is known. */
  #settledLate(id: string, host: string, isMade: boolean): void {
    const text = isMade
      ? `${host} votes in place of ${id} after all: the change had been made before it was given up`
      : `${id} keeps its place in the group: ${host} was not given it`;
    this.#tape.write('change', text);
    if (this.#isLive) this.#revival.goLive();
  }

  /** See {@link Revival.startAgain}. */
  async startAgain(id: string, wait: GroupWait = {}): Promise<CatchUpReport> {
    return this.#revival.startAgain(id, wait);
  }

  /** From now on nobody waits for anything: what happens is told as it is noticed, and what has died comes back by itself. */
  goLive(): void {
    if (!this.#isLive) void this.#lookOn();
    this.#isLive = true;
    this.#revival.goLive();
  }

  /** So that what is last known of a member that ends is not old, whether or not anybody has the page open. */
  async #lookOn(): Promise<void> {
    while (!this.#isClosed) {
      await this.group.reports();
      await sleep(this.#clock, lookMs);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#revival.close();
    this.#replacement.close();
  }

  /** Has the leader hand over while writes go on. */
  async transfer(): Promise<TransferReport> {
    const leader = await this.#handOver();
    const [next, gap] = await Promise.all([this.group.leader(leader.term), this.#gapAfter(leader.term)]);
    this.#tape.write(
      'change',
      `${leader.id} hands leadership over; ${next.id} leads in term ${next.term}: ${gap.gapMs} ms without an acknowledged write`,
    );
    return { from: leader.id, to: next.id, term: next.term, gapMs: gap.gapMs };
  }

  /** Another election may come between, and whoever is to lead may be behind: then again. @returns who led before */
  async #handOver(): Promise<ReplicaReport> {
    for (let attempt = 1; ; attempt++) {
      const leader = await this.group.leader();
      try {
        await this.group.transfer(leader);
        return leader;
      } catch (error) {
        if (attempt === attemptsMax || !(error instanceof QuorateError) || !error.retryable) throw error;
      }
    }
  }

  /** Reads every key back of which a write was acknowledged. What is not there goes on the tape. */
  async readBack(when: string): Promise<ReadBackReport> {
    const report = await readBack(this.seams, this.#random.fork(when), `reader ${when}`);
    const { keys, acknowledged, lost, wrong, unreadable } = report;
    const found = isComplete(report) ? 'none lost' : `${lost} lost, ${wrong} wrong, ${unreadable} unreadable`;
    const text = `${acknowledged} acknowledged writes to ${keys} keys read back ${when}: ${found}`;
    this.#tape.write(isComplete(report) ? 'good' : 'bad', text);
    return report;
  }

  /** Judges the history as it is now. */
  async judge(tell: 'always' | 'if it is bad' = 'always'): Promise<HistoryVerdict> {
    const verdict = await judge(this.history, this.#clock);
    this.lastVerdict = verdict;
    const isGood = verdict.verdict === 'ok';
    if (!isGood || tell === 'always') this.#tape.write(isGood ? 'good' : 'bad', verdictText(verdict));
    return verdict;
  }

  #newHistory(): History {
    return new History(this.#clock, ({ term, atMs }) => {
      this.#acknowledged++;
      const before = this.#gaps.last;
      this.#gaps.acknowledged(term, atMs);
      const gap = this.#gaps.last;
      if (!this.#isLive || gap === undefined || gap === before) return;
      this.#tape.write(
        'change',
        `Writes go on in term ${gap.term}: ${gap.gapMs} ms without an acknowledged one`,
      );
    });
  }

  /** Waits for a write that a leader of a later term has acknowledged. @throws QuorateError `NO_WRITE` */
  async #gapAfter(term: number): Promise<Gap> {
    const startMs = this.#clock.monotonicMs();
    for (;;) {
      const gap = this.#gaps.last;
      if (gap !== undefined && gap.termBefore <= term && gap.term > term) return gap;
      if (this.#since(startMs) > acknowledgedWithinMs) {
        const detail = `No write was acknowledged after term ${term} within ${acknowledgedWithinMs} ms`;
        throw new QuorateError('NO_WRITE', detail, { outcome: 'unknown' });
      }
      await sleep(this.#clock, pollMs);
    }
  }

  #since(startMs: number): number {
    return Math.round(this.#clock.monotonicMs() - startMs);
  }
}

/** The verdict over a history in a sentence. */
export function verdictText({ verdict, operations, keys, open, durationMs, detail }: HistoryVerdict): string {
  const judged = `${operations} operations on ${keys} keys, ${open} of them open`;
  if (verdict === 'ok') return `${judged}: the history is linearizable (checked in ${durationMs} ms)`;
  if (verdict === 'unknown') return `${judged}: nobody knows whether the history is linearizable, ${detail}`;
  return `${judged}: the history is NOT linearizable. ${detail}`;
}
