import { type Clock, QuorateError, type Random, sleep } from '@quorate/core';
import type { ReplicaReport } from '@quorate/node';
import type { Cluster } from '../cluster.ts';
import type { NodeProcess } from '../node-process.ts';
import type { Tape } from '../tape.ts';
import type { CallerSeams } from './caller.ts';
import { type Gap, gapAfter, History } from './history.ts';
import { type HistoryVerdict, judge } from './judge.ts';
import { isComplete, readBack, type ReadBackReport } from './read-back.ts';
import { ReplicaGroup } from './replica-group.ts';
import { ReplicatedClient } from './replicated-client.ts';
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

/** What starting a replica again came to. */
export interface CatchUpReport {
  readonly node: string;
  /** Entries that the others had and it had not when it was started again. */
  readonly missedEntries: number;
  /** Until its process was up and its journal read. */
  readonly startMs: number;
  /** From then until it had all that was committed, while writes went on. */
  readonly catchUpMs: number;
}

/** What handing leadership over came to. */
export interface TransferReport {
  readonly from: string;
  readonly to: string;
  readonly term: number;
  readonly gapMs: number;
}

const pollMs = 5;
const acknowledgedWithinMs = 20_000;

/** The group of replicas on the cluster's nodes, the stream of writes to it, and what is promised of both. */
export class Replication {
  readonly group: ReplicaGroup;
  readonly #cluster: Cluster;
  readonly #tape: Tape;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #client: ReplicatedClient;
  history: History;
  /** The last time without an acknowledgement that was measured, and the verdict over the last history. */
  lastGapMs: number | undefined;
  lastVerdict: HistoryVerdict | undefined;
  #stream: Stream | undefined;
  #retried = 0;

  constructor(cluster: Cluster, tape: Tape, random: Random, clock: Clock) {
    this.#cluster = cluster;
    this.#tape = tape;
    this.#clock = clock;
    this.#random = random;
    this.group = new ReplicaGroup(clock, new ReplicatedClient(cluster.secrets.peerToken, clock));
    this.#client = new ReplicatedClient(cluster.secrets.clientToken, clock);
    this.history = new History(clock);
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
    for (const host of hosts) this.#watch(host);
    await this.group.start(hosts);
    const leader = await this.group.leader();
    const names = hosts.map(({ id }) => id).join(', ');
    this.#tape.write(
      'change',
      `${names} form a replication group: ${leader.id} leads in term ${leader.term}`,
    );
    return leader;
  }

  /** Begins the stream on a new history. */
  startStream(keys: readonly string[], operationsPerSecond: number): void {
    this.history = new History(this.#clock);
    this.#stream = new Stream(keys, this.seams, this.#random.fork('stream'), operationsPerSecond);
  }

  async stopStream(): Promise<void> {
    const stream = this.#stream;
    await stream?.stop();
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
    this.lastGapMs = gap.gapMs;
    this.#tape.write(
      'change',
      `${id} led in term ${termBefore} and is gone; ${next.id} leads in term ${next.term}: ${gap.gapMs} ms without an acknowledged write`,
    );
    const report = await this.readBack('after the failover');
    return { killed: id, leader: next.id, termBefore, term: next.term, gapMs: gap.gapMs, readBack: report };
  }

  /** Starts a member's node again, on the journal that it left, and waits until it has caught up; then it joins the ring. */
  async startAgain(id: string): Promise<CatchUpReport> {
    const leader = await this.group.leader();
    const missedEntries = leader.members.find(member => member.id === id)?.lag ?? 0;
    const startedAtMs = this.#clock.monotonicMs();
    let startMs = 0;
    let catchUpMs = 0;
    await this.#cluster.restart(id, async node => {
      await this.group.rejoin(node);
      this.#watch(node);
      startMs = this.#since(startedAtMs);
      await this.group.until(`caught ${id} up`, reports => (hasCaughtUp(reports, id) ? true : undefined));
      catchUpMs = this.#since(startedAtMs) - startMs;
      this.#tape.write(
        'change',
        `${id} is back on its journal after ${startMs} ms; ${missedEntries} entries behind, it has caught up in ${catchUpMs} ms`,
      );
    });
    return { node: id, missedEntries, startMs, catchUpMs };
  }

  /** Has the leader hand over while writes go on. */
  async transfer(): Promise<TransferReport> {
    const leader = await this.group.leader();
    await this.group.transfer(leader);
    const [next, gap] = await Promise.all([this.group.leader(leader.term), this.#gapAfter(leader.term)]);
    this.lastGapMs = gap.gapMs;
    this.#tape.write(
      'change',
      `${leader.id} hands leadership over; ${next.id} leads in term ${next.term}: ${gap.gapMs} ms without an acknowledged write`,
    );
    return { from: leader.id, to: next.id, term: next.term, gapMs: gap.gapMs };
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
  async judge(): Promise<HistoryVerdict> {
    const verdict = await judge(this.history, this.#clock);
    this.lastVerdict = verdict;
    this.#tape.write(verdict.verdict === 'ok' ? 'good' : 'bad', verdictText(verdict));
    return verdict;
  }

  #watch(node: NodeProcess): void {
    void node.exit.then(() => this.group.gone(node.id));
  }

  /** Waits for a write that a leader of a later term has acknowledged. @throws QuorateError `NO_WRITE` */
  async #gapAfter(term: number): Promise<Gap> {
    const startMs = this.#clock.monotonicMs();
    for (;;) {
      const gap = gapAfter(this.history.acknowledged, term);
      if (gap !== undefined) return gap;
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

/** Whether the leader knows all that is committed to be durable at the member. */
function hasCaughtUp(reports: readonly ReplicaReport[], id: string): boolean {
  const leader = reports.find(({ role }) => role === 'leader');
  const member = leader?.members.find(each => each.id === id);
  return (
    leader !== undefined && member !== undefined && member.active && member.match >= leader.log.committed
  );
}

/** The verdict over a history in a sentence. */
export function verdictText({ verdict, operations, keys, open, durationMs, detail }: HistoryVerdict): string {
  const judged = `${operations} operations on ${keys} keys, ${open} of them open`;
  if (verdict === 'ok') return `${judged}: the history is linearizable (checked in ${durationMs} ms)`;
  if (verdict === 'unknown') return `${judged}: nobody knows whether the history is linearizable, ${detail}`;
  return `${judged}: the history is NOT linearizable. ${detail}`;
}
